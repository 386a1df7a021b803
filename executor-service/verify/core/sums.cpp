#include "executor-service/verify/core/sums.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <utility>

#include "common/domain/result.hpp"

namespace landfall::executor::verify {

using domain::int128;

std::vector<sum_row> add_up(std::span<const booked_account> accounts, std::span<const account_reading> readings) {
  if (accounts.size() != readings.size())
    domain::broken_invariant("as many readings as accounts");
  std::map<std::pair<solana::pubkey, side>, sum_row> rows;
  for (std::size_t i = 0; i < accounts.size(); ++i) {
    const auto& a = accounts[i];
    const auto& r = readings[i];
    auto& row = rows[{a.mint, a.of}];
    row.mint = a.mint;
    row.of = a.of;
    if (a.in_flight || r.slot < a.last_slot) {
      ++row.left_out;
      continue;
    }
    const auto held = held_in(r.account, a.program, a.mint, a.vault);
    row.slot = row.accounts == 0 ? r.slot : std::min(row.slot, r.slot);
    ++row.accounts;
    row.booked += a.booked;
    row.observed += held;
    if (held < a.booked) {
      row.shortfall += a.booked - held;
      ++row.accounts_short;
    }
  }
  std::vector<sum_row> list;
  for (auto& [key, row] : rows)
    list.push_back(std::move(row));
  return list;
}

check check_of(const sum_row& row, const std::string& endpoint, int128 dust) {
  check c;
  c.kind = finding_kind::sum_short;
  c.subject = row.mint.to_string() + ":" + std::string{to_string(row.of)};
  c.is = row.shortfall > dust                    ? check_result::found
         : row.accounts > 0 || row.left_out == 0 ? check_result::right
                                                 : check_result::unknown;
  c.detail = std::to_string(row.accounts_short) + " of " + std::to_string(row.accounts) + " " +
             std::string{row.of == side::input ? "order" : "output"} + " accounts hold together " +
             to_text(row.shortfall) + " less than the finalized movements have left in them";
  c.expected = to_text(row.booked);
  c.observed = to_text(row.observed);
  c.slot = row.slot;
  c.endpoint = endpoint;
  c.money = true;
  return c;
}

bool anything_short(std::span<const booked_account> accounts, std::span<const endpoint_readings> readings,
                    int128 dust) {
  for (const auto& of_one : readings)
    for (const auto& row : add_up(accounts, of_one.accounts))
      if (row.shortfall > dust)
        return true;
  return false;
}

void leave_out_changed(std::vector<booked_account>& accounts, std::span<const booked_account> after) {
  std::map<solana::pubkey, const booked_account*> now;
  for (const auto& a : after)
    now.emplace(a.account, &a);
  for (auto& a : accounts) {
    const auto same = now.find(a.account);
    if (same == now.end() || *same->second != a)
      a.in_flight = true;
  }
}

sum_comparison compare_sums(std::span<const booked_account> accounts, std::span<const endpoint_readings> readings,
                            std::span<const std::string> open, std::size_t needed, int128 dust) {
  struct shortfalls {
    solana::pubkey mint;
    side of = side::input;
    /// By each endpoint that has such a row.
    std::vector<int128> of_each;
  };
  sum_comparison out;
  std::vector<std::vector<check>> answers;
  std::map<std::string, shortfalls> by_subject;
  for (const auto& [endpoint, read] : readings) {
    auto rows = add_up(accounts, read);
    auto& checks = answers.emplace_back();
    for (const auto& row : rows) {
      checks.push_back(check_of(row, endpoint, dust));
      auto& all = by_subject[checks.back().subject];
      all.mint = row.mint;
      all.of = row.of;
      all.of_each.push_back(row.shortfall);
    }
    if (answers.size() == 1)
      out.rows = std::move(rows);
  }
  auto judged = judge(answers, needed);
  for (auto& f : judged.found) {
    auto& [mint, of, of_each] = by_subject.at(f.subject);
    std::sort(of_each.begin(), of_each.end(), std::greater<>{});
    out.found.push_back({std::move(f), mint, of, of_each[std::min(needed, of_each.size()) - 1]});
  }
  out.right = std::move(judged.right);
  out.disputed = std::move(judged.disputed);
  // A token of which nothing is left has no row: what was short of it is at rest.
  if (readings.size() >= needed)
    for (const auto& subject : open)
      if (!by_subject.contains(subject))
        out.right.push_back({finding_kind::sum_short, subject});
  return out;
}

}  // namespace landfall::executor::verify
