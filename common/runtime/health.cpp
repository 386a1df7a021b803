#include "common/runtime/health.hpp"

#include <algorithm>
#include <utility>

#include "common/domain/result.hpp"
#include "common/runtime/json_text.hpp"

namespace landfall::runtime {

health::health(std::vector<std::string> checks) {
  for (auto& name : checks)
    checks_.try_emplace(std::move(name));
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
  return std::ranges::all_of(checks_, [](const auto& c) { return c.second.ok; });
}

std::string health::to_json() const {
  const std::lock_guard lock{mutex_};
  const bool all = std::ranges::all_of(checks_, [](const auto& c) { return c.second.ok; });
  std::string out = all ? R"({"ready":true,"checks":{)" : R"({"ready":false,"checks":{)";
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
