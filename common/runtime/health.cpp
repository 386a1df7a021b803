#include "common/runtime/health.hpp"

#include <algorithm>
#include <utility>

#include "common/domain/result.hpp"
#include "common/runtime/json_text.hpp"

namespace landfall::runtime {

health::health(std::vector<std::string> checks, std::vector<std::string> shown_only) {
  for (auto& name : checks)
    checks_.try_emplace(std::move(name));
  for (auto& name : shown_only)
    checks_[std::move(name)].decides = false;
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
  std::string out = all_that_decide_ok() ? R"({"ready":true,"checks":{)" : R"({"ready":false,"checks":{)";
  bool first = true;
  for (const auto& [name, check] : checks_) {
    out += first ? "" : ",";
    first = false;
    append_json_string(out, name);
    out += check.ok ? R"(:{"ok":true)" : R"(:{"ok":false,"why":)";
    if (!check.ok)
      append_json_string(out, check.why);
    out += '}';
  }
  out += "}}";
  return out;
}

}  // namespace landfall::runtime
