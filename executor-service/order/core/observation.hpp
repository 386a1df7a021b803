#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "common/domain/token_amount.hpp"
#include "common/solana/pubkey.hpp"

namespace landfall::executor {

/// How far the cluster agrees on a block that holds a transaction.
enum class confirmation : std::uint8_t { processed, confirmed, finalized };

[[nodiscard]] constexpr std::string_view to_string(confirmation c) {
  constexpr std::array<std::string_view, 3> names{"processed", "confirmed", "finalized"};
  return names[static_cast<std::size_t>(c)];
}

/// What one endpoint says of a transaction that it knows.
struct signature_status {
  std::uint64_t slot = 0;
  confirmation level = confirmation::processed;
  /// The transaction's error as JSON, exactly one form of each; nothing where it succeeded.
  std::optional<std::string> err;
  /// Of a message that a market maker signs last: the id under which it was found.
  std::optional<solana::signature> found_as = {};

  friend bool operator==(const signature_status&, const signature_status&) = default;
};

/// The token balance of the account that an attempt takes from: the order account for a swap or refund, the output
/// account for a payout.
struct balance_observation {
  std::string endpoint;
  /// Of the bank that was read, which descends from everything finalized before it.
  std::uint64_t slot = 0;
  /// Nothing where there is no token account of the vault's, of the expected mint, at the address.
  std::optional<domain::token_amount> balance;

  friend bool operator==(const balance_observation&, const balance_observation&) = default;
};

/// One endpoint's answer about one signature: first its finalized height and slot were asked, then the status. Of a
/// message that a market maker signs last, the status is what the order account's history shows of it, and
/// `status_context_slot` the slot that this history is no older than. Only a well-formed answer becomes an observation;
/// an error or a missing answer never does.
struct observation {
  std::string endpoint;
  std::uint64_t finalized_block_height = 0;
  std::uint64_t finalized_slot = 0;
  std::uint64_t status_context_slot = 0;
  bool searched_history = false;
  /// Nothing means: this endpoint, at `status_context_slot`, does not know the signature.
  std::optional<signature_status> status;
  /// Read by the same endpoint after the history; nothing where no history was read.
  std::optional<balance_observation> balance = {};

  friend bool operator==(const observation&, const observation&) = default;
};

/// What one endpoint said so far about one signature.
struct endpoint_view {
  observation latest;
  /// The last answer that showed it at `confirmed` or better without error, if there ever was one.
  std::optional<observation> shown;
  /// A finalized status, once seen: no later answer takes it back.
  std::optional<signature_status> finalized;

  friend bool operator==(const endpoint_view&, const endpoint_view&) = default;
};

/// Everything observed about one attempt since this process works on it.
struct observation_set {
  std::map<std::string, endpoint_view, std::less<>> endpoints;
  std::optional<balance_observation> balance;

  friend bool operator==(const observation_set&, const observation_set&) = default;
};

}  // namespace landfall::executor
