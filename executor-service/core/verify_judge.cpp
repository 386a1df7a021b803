#include "executor-service/core/verify_judge.hpp"

#include <algorithm>
#include <map>
#include <utility>

namespace landfall::executor::verify {

using domain::int128;

namespace {

finding finding_of(const check& c) {
  return {c.kind, c.subject, c.order, c.attempt, c.detail, c.expected, c.observed, c.slot, c.endpoint, c.money, false};
}

}  // namespace

judgement judge(std::span<const std::vector<check>> answers, std::size_t needed) {
  struct tally {
    const check* first = nullptr;
    std::size_t found = 0;
    std::size_t right = 0;
    std::size_t not_seen = 0;
    std::uint64_t lowest_slot = 0;
  };
  std::map<std::pair<finding_kind, std::string>, tally> tallies;
  for (const auto& of_one : answers) {
    for (const auto& c : of_one) {
      auto& t = tallies[{c.kind, c.subject}];
      if (c.is == verdict::found) {
        t.lowest_slot = t.first == nullptr ? c.slot : std::min(t.lowest_slot, c.slot);
        t.first = t.first == nullptr ? &c : t.first;
        ++t.found;
      } else if (c.is == verdict::right) {
        ++t.right;
      } else if (c.is == verdict::not_seen) {
        ++t.not_seen;
      }
    }
  }
  judgement j;
  for (const auto& [question, t] : tallies) {
    const bool agreed = t.found >= needed;
    if (t.found == 0) {
      if (t.right + t.not_seen >= needed)
        j.right.push_back({question.first, question.second});
    } else if (t.right == 0 && (agreed || !rests_on_unknown(question.first))) {
      auto f = finding_of(*t.first);
      f.slot = t.lowest_slot;
      f.agreed = agreed;
      j.found.push_back(std::move(f));
    }
  }
  return j;
}

bool wants_hold(const open_finding& f, const policy& p) {
  return f.money && f.kind != finding_kind::sum_short && !f.held_already && f.times_agreed >= p.looks_before_hold;
}

bool wants_halt(const open_finding& f, int128 shortfall, int128 accepted, const policy& p) {
  return f.kind == finding_kind::sum_short && f.times_agreed >= p.looks_before_halt && shortfall > accepted;
}

}  // namespace landfall::executor::verify
