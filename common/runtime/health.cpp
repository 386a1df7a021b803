#include "common/runtime/health.hpp"

#include <algorithm>
#include <utility>

#include "common/domain/result.hpp"
#include "common/json/writer.hpp"

namespace landfall::runtime {

health::health(std::vector<std::string> checks) {
  for (auto& name : checks)
    declare(std::move(name));
}

void health::declare(std::string check, bool decides) {
  const std::lock_guard lock{mutex_};
  checks_[std::move(check)].decides = decides;
}

bool health::all_that_decide_ok() const {
  return std::ranges::all_of(checks_, [](const auto& c) { return c.second.ok || !c.second.decides; });
}

void health::set(std::string_view check, bool ok, std::string why) {
  const std::lock_guard lock{mutex_};
  const auto found = checks_.find(check);
  if (found == checks_.end())
    domain::broken_invariant("a health check was set that was never declared");
  found->second.ok = ok;
  found->second.why = ok ? std::string{} : std::move(why);
}

bool health::ready() const {
  const std::lock_guard lock{mutex_};
  return all_that_decide_ok();
}

std::string health::to_json() const {
  const std::lock_guard lock{mutex_};
  json::writer w;
  w.begin_object().member("ready", all_that_decide_ok()).key("checks").begin_object();
  for (const auto& [name, check] : checks_) {
    w.key(name).begin_object().member("ok", check.ok);
    if (!check.ok)
      w.member("why", check.why);
    w.end_object();
  }
  return w.end_object().end_object().take();
}

}  // namespace landfall::runtime
