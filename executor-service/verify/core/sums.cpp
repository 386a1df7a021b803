#include "executor-service/verify/core/sums.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "common/domain/result.hpp"

namespace landfall::executor::verify {

using domain::int128;

std::vector<sum_line> add_up(std::span<const booked_account> accounts, std::span<const account_reading> readings) {
  if (accounts.size() != readings.size())
    domain::broken_invariant("as many readings as accounts");
  std::map<std::pair<solana::pubkey, side>, sum_line> lines;
  for (std::size_t i = 0; i < accounts.size(); ++i) {
    const auto& a = accounts[i];
    const auto& r = readings[i];
    auto& line = lines[{a.mint, a.of}];
    line.mint = a.mint;
    line.of = a.of;
    if (a.in_flight || r.slot < a.last_slot) {
      ++line.left_out;
      continue;
    }
    const auto held = held_in(r.account, a.program, a.mint, a.vault);
    line.slot = line.accounts == 0 ? r.slot : std::min(line.slot, r.slot);
    ++line.accounts;
    line.booked += a.booked;
    line.observed += held;
    if (held < a.booked) {
      line.shortfall += a.booked - held;
      ++line.accounts_short;
    }
  }
  std::vector<sum_line> list;
  for (auto& [key, line] : lines)
    list.push_back(std::move(line));
  return list;
}

check check_of(const sum_line& line, const std::string& endpoint, int128 dust) {
  check c;
  c.kind = finding_kind::sum_short;
  c.subject = line.mint.to_string() + ":" + std::string{to_string(line.of)};
  c.is = line.shortfall > dust                     ? verdict::found
         : line.accounts > 0 || line.left_out == 0 ? verdict::right
                                                   : verdict::unknown;
  c.detail = std::to_string(line.accounts_short) + " of " + std::to_string(line.accounts) + " " +
             std::string{line.of == side::input ? "order" : "output"} + " accounts hold together " +
             to_text(line.shortfall) + " less than the finalized movements have left in them";
  c.expected = to_text(line.booked);
  c.observed = to_text(line.observed);
  c.slot = line.slot;
  c.endpoint = endpoint;
  c.money = true;
  return c;
}

}  // namespace landfall::executor::verify
