#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/domain/decimal.hpp"
#include "common/solana/pubkey.hpp"
#include "executor-service/verify/core/facts.hpp"
#include "executor-service/verify/core/judgement.hpp"

/// Sums over all orders of a token.
namespace landfall::executor::verify {

enum class side : std::uint8_t { input, output };

[[nodiscard]] constexpr std::string_view to_string(side s) {
  return s == side::input ? "input" : "output";
}

/// An account and what the finalized movements of ours have left in it.
struct booked_account {
  solana::pubkey account;
  solana::pubkey mint;
  solana::pubkey program;
  solana::pubkey vault;
  side of = side::input;
  domain::int128 booked = 0;
  /// Of the last movement that is booked.
  std::uint64_t last_slot = 0;
  /// An attempt on it is unresolved, or a movement was not read: it is left out.
  bool in_flight = false;

  friend bool operator==(const booked_account&, const booked_account&) = default;
};

/// One token and side. Each account is compared by itself, so that what strangers send to one never covers what is
/// missing in another; and up to the very slot in which it was read, so that reading many accounts in several calls is
/// as exact as reading them in one.
struct sum_row {
  solana::pubkey mint;
  side of = side::input;
  domain::int128 booked = 0;
  domain::int128 observed = 0;
  domain::int128 shortfall = 0;
  std::size_t accounts = 0;
  std::size_t accounts_short = 0;
  /// In flight, or read in a bank older than what is booked.
  std::size_t left_out = 0;
  /// The lowest of the banks read.
  std::uint64_t slot = 0;
};

/// `readings` run along `accounts`.
[[nodiscard]] std::vector<sum_row> add_up(std::span<const booked_account> accounts,
                                          std::span<const account_reading> readings);

/// Short is what lacks more than `dust`.
[[nodiscard]] check check_of(const sum_row& row, const std::string& endpoint, domain::int128 dust);

/// A sum that lacks something. `shortfall`: what it lacks at least by as many endpoints as needed.
struct sum_finding {
  finding what;
  solana::pubkey mint;
  side of = side::input;
  domain::int128 shortfall = 0;
};

struct sum_comparison {
  std::vector<sum_finding> found;
  std::vector<settled_question> right;
  std::vector<disputed_question> disputed;
  /// As the endpoint that is furthest shows it.
  std::vector<sum_row> rows;
};

[[nodiscard]] bool anything_short(std::span<const booked_account> accounts, std::span<const endpoint_readings> readings,
                                  domain::int128 dust);
/// Leaves out accounts of `accounts` on which something was stored since, by `after`: they prove nothing.
void leave_out_changed(std::vector<booked_account>& accounts, std::span<const booked_account> after);
/// `readings`: one at least, the endpoint that is furthest first. `open`: subjects of the sums that were short before.
[[nodiscard]] sum_comparison compare_sums(std::span<const booked_account> accounts,
                                          std::span<const endpoint_readings> readings,
                                          std::span<const std::string> open, std::size_t needed, domain::int128 dust);

}  // namespace landfall::executor::verify
