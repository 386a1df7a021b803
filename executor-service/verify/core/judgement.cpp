#include "executor-service/verify/core/judgement.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <utility>

namespace landfall::executor::verify {

using domain::int128;

namespace {

/// As its first finder says it, at the latest slot that `reached` of them have seen.
finding finding_of(const std::vector<const check*>& found, std::size_t reached) {
  std::vector<std::uint64_t> slots;
  for (const auto* c : found)
    slots.push_back(c->slot);
  std::sort(slots.begin(), slots.end(), std::greater<>{});
  const auto& c = *found.front();
  return {c.kind,     c.subject,          c.order,    c.attempt, c.detail, c.expected,
          c.observed, slots[reached - 1], c.endpoint, c.money,   false};
}

std::vector<std::string> endpoints_of(const std::vector<const check*>& checks) {
  std::vector<std::string> names;
  for (const auto* c : checks)
    names.push_back(c->endpoint);
  return names;
}

}  // namespace

judgement judge(std::span<const std::vector<check>> answers, std::size_t needed) {
  struct tally {
    std::vector<const check*> found;
    std::vector<const check*> right;
    std::size_t not_seen = 0;
  };
  std::map<std::pair<finding_kind, std::string>, tally> tallies;
  for (const auto& of_one : answers) {
    for (const auto& c : of_one) {
      auto& t = tallies[{c.kind, c.subject}];
      if (c.is == verdict::found)
        t.found.push_back(&c);
      else if (c.is == verdict::right)
        t.right.push_back(&c);
      else if (c.is == verdict::not_seen)
        ++t.not_seen;
    }
  }
  judgement j;
  for (const auto& [question, t] : tallies) {
    const bool enough = t.found.size() >= needed;
    const bool by_unknown = rests_on_unknown(question.first);
    // One that shows a signature outweighs all who do not know it.
    const bool outvoted = by_unknown ? !t.right.empty() : t.right.size() >= t.found.size();
    if (t.found.empty()) {
      if (t.right.size() + t.not_seen >= needed)
        j.right.push_back({question.first, question.second});
    } else if (enough ? !outvoted : t.right.empty() && !by_unknown) {
      j.found.push_back(finding_of(t.found, enough ? needed : t.found.size()));
      j.found.back().agreed = enough;
    } else if (!t.right.empty() && (enough || !by_unknown)) {
      j.disputed.push_back({question.first, question.second, endpoints_of(t.found), endpoints_of(t.right)});
    }
  }
  return j;
}

std::string to_list(const std::vector<std::string>& names) {
  std::string text;
  for (const auto& name : names)
    text += (text.empty() ? "" : ", ") + name;
  return text;
}

bool wants_hold(const open_finding& f, const policy& p) {
  return f.money && f.kind != finding_kind::sum_short && !f.held_already && f.times_agreed >= p.looks_before_hold;
}

bool wants_halt(const open_finding& f, int128 shortfall, int128 accepted, const policy& p) {
  return f.kind == finding_kind::sum_short && f.times_agreed >= p.looks_before_halt && shortfall > accepted;
}

}  // namespace landfall::executor::verify
