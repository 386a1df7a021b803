#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "common/domain/token_amount.hpp"
#include "common/solana/pubkey.hpp"
#include "common/solana/rpc_types.hpp"

namespace landfall::executor {

/// One endpoint's status of a transaction that it knows.
struct signature_status {
  std::uint64_t slot = 0;
  solana::commitment level = solana::commitment::processed;
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

/// One endpoint's answer about one signature: its finalized height and slot, read first, and then the status. For a
/// message that a market maker signs last, the status comes from the order account's history, which is no older than
/// `status_context_slot`. Only a well-formed answer becomes an observation; an error or a missing answer never does.
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

/// One endpoint's answers about one signature so far.
struct endpoint_view {
  observation latest;
  /// The last answer that showed it at `confirmed` or better without error, if there ever was one.
  std::optional<observation> shown;
  /// A finalized status, once seen: no later answer takes it back.
  std::optional<signature_status> finalized;

  friend bool operator==(const endpoint_view&, const endpoint_view&) = default;
};

/// All observations of one attempt since this process claimed its order.
struct observation_set {
  std::map<std::string, endpoint_view, std::less<>> endpoints;
  std::optional<balance_observation> balance;

  friend bool operator==(const observation_set&, const observation_set&) = default;
};

}  // namespace landfall::executor
