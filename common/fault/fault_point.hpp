#pragma once

#include <string_view>
#include <utility>

#include "common/fault/money_path.hpp"

/// Fault points: named points before and after every effect on an order's way, where a test can have the process killed
/// or stopped, or the effect answered with its own error. Compiled in with LANDFALL_FAULT_POINTS only.
///
/// A point is named EFFECT[.KIND].before or .after, `signature.swap.before`. A point is armed once, for its next hit:
///   LANDFALL_FAULT=NAME=ACTION[,NAME=ACTION…]   from the start of the process
///   LANDFALL_FAULT_FIFO=PATH                    by libfiu's remote control over the pipes PATH-<pid>.in and .out:
///                                               "enable name=NAME,onetime,failnum=N"
/// ACTION is `kill` (1: SIGKILL), `stall` (2: SIGSTOP, until somebody sends SIGCONT) or `error` (3). An error before
/// the effect means that it is not done, one after it that it is done and its answer lost.
namespace landfall::fault {

enum class moment { before, after };

#ifdef LANDFALL_FAULT_POINTS
inline constexpr bool compiled_in = true;

/// Acts if the point is armed. True: answer with an error.
[[nodiscard]] bool fires(const point& at, moment when);

/// Arms what the environment asks for. A sentence if that is not understood.
[[nodiscard]] std::string_view arm_from_environment();
/// Prints every point as a line of JSON if that is what the command line asks for: --list-fault-points.
[[nodiscard]] bool list_if_asked(int argc, char** argv);
#else
inline constexpr bool compiled_in = false;

[[nodiscard]] constexpr bool fires(const point&, moment) {
  return false;
}
[[nodiscard]] constexpr std::string_view arm_from_environment() {
  return {};
}
[[nodiscard]] constexpr bool list_if_asked(int, char**) {
  return false;
}
#endif

struct always {
  constexpr bool operator()(const auto&) const {
    return true;
  }
};

/// An effect that answers at once, between its points; `failed(moment)` is its own kind of error. An
/// effect that was not `done`, by its answer, has no point after it.
template <class Perform, class Failed, class Done = always>
auto around(const point& at, Perform&& perform, Failed&& failed, Done done = {}) -> decltype(perform()) {
  if (fires(at, moment::before))
    return failed(moment::before);
  auto answer = perform();
  if (done(answer) && fires(at, moment::after))
    return failed(moment::after);
  return answer;
}

/// The same for several effects that are one: units of one commit. `points` may be empty.
template <class Points, class Perform, class Failed>
auto around_all(const Points& points, Perform&& perform, Failed&& failed) -> decltype(perform()) {
  for (const point& at : points)
    if (fires(at, moment::before))
      return failed(moment::before);
  auto answer = perform();
  for (const point& at : points)
    if (fires(at, moment::after))
      return failed(moment::after);
  return answer;
}

/// An effect without an answer: an error before it means that it is left out.
template <class Perform>
void around_send(const point& at, Perform&& perform) {
  if (fires(at, moment::before))
    return;
  perform();
  (void)fires(at, moment::after);
}

/// An effect that answers `done` later, on whatever thread.
template <class Call, class Done, class Failed>
void between(const point& at, Call&& call, Done done, Failed failed) {
  if constexpr (!compiled_in) {
    call(std::move(done));
  } else {
    if (fires(at, moment::before))
      return done(failed(moment::before));
    call([at, done = std::move(done), failed = std::move(failed)](auto answer) mutable {
      if (fires(at, moment::after))
        return done(failed(moment::after));
      done(std::move(answer));
    });
  }
}

}  // namespace landfall::fault
