#include "common/runtime/stop_signal.hpp"

#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <ctime>

#include "common/domain/result.hpp"

namespace landfall::runtime {
namespace {

sigset_t stop_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  return set;
}

}  // namespace

void block_stop_signals() {
  const auto set = stop_signals();
  if (::pthread_sigmask(SIG_BLOCK, &set, nullptr) != 0 || std::signal(SIGPIPE, SIG_IGN) == SIG_ERR)
    domain::broken_invariant("the stop signals cannot be blocked");
}

int wait_for_stop_signal() {
  const auto set = stop_signals();
  for (;;) {
    const int got = ::sigwaitinfo(&set, nullptr);
    if (got > 0)
      return got;
    if (errno != EINTR)
      domain::broken_invariant("waiting for a stop signal failed");
  }
}

int wait_for_stop_signal(std::chrono::milliseconds bound) {
  const auto set = stop_signals();
  const auto deadline = std::chrono::steady_clock::now() + bound;
  for (;;) {
    auto left = std::chrono::duration_cast<std::chrono::nanoseconds>(deadline - std::chrono::steady_clock::now());
    if (left.count() < 0)
      left = std::chrono::nanoseconds{0};
    timespec wait{};
    wait.tv_sec = static_cast<std::time_t>(left.count() / 1'000'000'000);
    wait.tv_nsec = static_cast<long>(left.count() % 1'000'000'000);
    const int got = ::sigtimedwait(&set, nullptr, &wait);
    if (got > 0)
      return got;
    if (errno == EAGAIN)
      return 0;
    if (errno != EINTR)
      domain::broken_invariant("waiting for a stop signal failed");
  }
}

void request_stop() {
  ::kill(::getpid(), SIGTERM);
}

}  // namespace landfall::runtime
