#include "executor-service/verify/core/judgement.hpp"

#include <algorithm>
#include <functional>
#include <iterator>
#include <map>
#include <utility>

namespace landfall::executor::verify {

using domain::int128;

namespace {

/// In the words of the first endpoint that found it, at the latest slot that `reached` of them have seen.
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

std::string quorum::shortage() const {
  if (answered >= needed)
    return {};
  return std::to_string(answered) + " of " + std::to_string(configured) + " endpoints answered, and " +
         std::to_string(needed) + " have to agree: nothing is held or halted";
}

void judgement::append(judgement more) {
  std::move(more.found.begin(), more.found.end(), std::back_inserter(found));
  std::move(more.right.begin(), more.right.end(), std::back_inserter(right));
  std::move(more.disputed.begin(), more.disputed.end(), std::back_inserter(disputed));
}

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
      if (c.is == check_result::found)
        t.found.push_back(&c);
      else if (c.is == check_result::right)
        t.right.push_back(&c);
      else if (c.is == check_result::not_seen)
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
  return f.money && f.kind != finding_kind::sum_short && !f.held_already && f.times_agreed >= p.passes_before_hold;
}

bool wants_halt(const open_finding& f, int128 shortfall, int128 accepted, const policy& p) {
  return f.kind == finding_kind::sum_short && f.times_agreed >= p.passes_before_halt && shortfall > accepted;
}

}  // namespace landfall::executor::verify
