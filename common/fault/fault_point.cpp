#include "common/fault/fault_point.hpp"

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <iostream>

#include <fiu-control.h>
#define FIU_ENABLE
#include <fiu.h>

#include "common/json/writer.hpp"
#include "common/runtime/log.hpp"

namespace landfall::fault {

namespace {

// What libfiu's remote control passes as failnum; 0 is "not armed".
enum action : int { kill_process = 1, stall_process = 2, answer_error = 3 };
constexpr const char* action_names[] = {"", "kill", "stall", "error"};

int action_of(std::string_view name) {
  for (int a = kill_process; a <= answer_error; ++a)
    if (name == action_names[a])
      return a;
  return 0;
}

std::string name_of(const point& at, moment when) {
  std::string name{money_path()[static_cast<std::size_t>(at.what)].name};
  if (!at.kind.empty())
    name.append(1, '.').append(at.kind);
  return name + (when == moment::before ? ".before" : ".after");
}

bool initialized() {
  static const bool done = fiu_init(0) == 0;
  return done;
}

}  // namespace

bool fires(const point& at, moment when) {
  if (!initialized())
    return false;
  const auto name = name_of(at, when);
  const int what = fiu_fail(name.c_str());
  if (what < kill_process || what > answer_error)
    return false;
  runtime::log_warn("fault_point", {{"name", name}, {"action", action_names[what]}});
  if (what == kill_process)
    std::raise(SIGKILL);
  if (what == stall_process) {
    std::raise(SIGSTOP);
    runtime::log_warn("fault_point_left", {{"name", name}});
  }
  return what == answer_error;
}

std::string_view arm_from_environment() {
  if (!initialized())
    return "libfiu does not start";
  const auto points = money_path_points();
  const char* const asked = std::getenv("LANDFALL_FAULT");
  std::string_view rest = asked == nullptr ? "" : asked;
  while (!rest.empty()) {
    const auto one = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(one.size() + 1, rest.size()));
    const auto equals = std::min(one.find('='), one.size());
    const std::string name{one.substr(0, equals)};
    const int what = action_of(one.substr(std::min(equals + 1, one.size())));
    const bool known = std::any_of(points.begin(), points.end(), [&](const auto& p) { return p.name == name; });
    if (what == 0 || !known)
      return "LANDFALL_FAULT takes NAME=kill, NAME=stall or NAME=error; --list-fault-points prints the names";
    if (fiu_enable(name.c_str(), what, nullptr, FIU_ONETIME) != 0)
      return "a fault point cannot be armed";
  }
  if (const char* const fifo = std::getenv("LANDFALL_FAULT_FIFO"); fifo != nullptr && fiu_rc_fifo(fifo) != 0)
    return "the pipes of LANDFALL_FAULT_FIFO cannot be made";
  return {};
}

bool list_if_asked(int argc, char** argv) {
  if (std::none_of(argv, argv + argc, [](const char* arg) { return std::string_view{arg} == "--list-fault-points"; }))
    return false;
  for (const auto& p : money_path_points()) {
    json::writer w;
    w.begin_object().member("point", p.name).member("role", p.role).key("flows").begin_array();
    for (const auto& flow : p.flows)
      w.string(flow);
    std::cout << w.end_array().member("error", p.can_err).end_object().take() << '\n';
  }
  return true;
}

}  // namespace landfall::fault
