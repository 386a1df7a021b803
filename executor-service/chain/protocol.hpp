#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <caf/actor_addr.hpp>
#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/error.hpp>
#include <caf/replies_to.hpp>
#include <caf/sec.hpp>
#include <caf/typed_actor.hpp>

#include "common/domain/uuid.hpp"
#include "common/solana/bytes.hpp"
#include "common/solana/pubkey.hpp"
#include "executor-service/chain/core/observation.hpp"
#include "executor-service/chain/rpc/rpc_api.hpp"

namespace landfall::executor {

/// Messages of the chain actor. It reads and writes through several endpoints and trusts none of them. An error in
/// answer to a request means that no endpoint answered (`is_unavailable`); it proves nothing about the chain.
namespace chain {

/// One endpoint's status of a watched signature.
struct status_update {
  solana::signature id;
  observation seen;
};

/// Receives `status_update`. A typed actor that handles more converts to it, other actors by `caf::actor_cast`.
using status_listener = caf::typed_actor<caf::reacts_to<status_update>>;

struct watch {
  solana::signature id;
  status_listener to;
};

struct unwatch {
  solana::signature id;
  status_listener to;
};

struct broadcast {
  solana::signature id;
  solana::bytes transaction;
  /// This process sent it before: transactions that were never sent go first.
  bool again = false;
};

/// An endpoint answered the broadcast. It proves nothing about whether the transaction lands.
struct sent {};

/// What one endpoint's account history shows of an attempt.
struct history_update {
  domain::attempt_id attempt;
  observation seen;
};

using history_listener = caf::typed_actor<caf::reacts_to<history_update>>;

/// A message that a market maker signs last, so that its id is unknown, and the account whose history shows it if it
/// landed.
struct history_request {
  domain::attempt_id attempt;
  solana::bytes message;
  solana::pubkey maker;
  solana::pubkey account;
  solana::pubkey token_program;
  /// The deposit: the history has to reach back to it.
  solana::signature anchor;
  /// A `history_listener`; not kept alive.
  caf::actor_addr to;
};

struct blockhash_request {};

struct fresh_blockhash {
  std::string endpoint;
  std::uint64_t context_slot = 0;
  solana::blockhash hash;
  std::uint64_t last_valid_block_height = 0;
  /// Blocks until it expires, by the same endpoint's confirmed height when it was fetched.
  std::uint64_t blocks_left = 0;
};

struct simulate_request {
  solana::bytes transaction;
  simulate_options options;
};

struct simulated {
  std::string endpoint;
  simulation result;
};

struct accounts_request {
  std::vector<solana::pubkey> keys;  ///< at most `max_accounts_per_call`
  commitment level = commitment::confirmed;
  std::optional<std::uint64_t> min_context_slot;
};

struct accounts_read {
  std::string endpoint;
  accounts_view view;  ///< its context slot is at least the requested one
};

struct transaction_request {
  solana::signature id;
  commitment level = commitment::finalized;
};

struct transaction_found {
  std::string endpoint;                  ///< the one that has it
  std::optional<transaction_view> view;  ///< nothing: every endpoint answered, none has it
};

struct statuses_request {
  std::vector<solana::signature> ids;  ///< at most `max_statuses_per_call`
  /// Also search what landed longer ago than nodes keep in their status cache; slower.
  bool search_history = false;
};

struct statuses_read {
  /// In the order requested. Nothing: no endpoint that answered knows it, which proves nothing.
  std::vector<std::optional<status_view>> statuses;
};

struct rent_request {
  std::uint64_t space_bytes = 165;
};

struct rent {
  std::uint64_t lamports = 0;
};

struct fee_request {
  std::vector<solana::pubkey> writable_accounts;
};

struct fee_estimate {
  std::uint64_t micro_lamports_per_unit = 0;
  bool measured = false;  ///< false: no endpoint answered, this is the floor
};

struct health_request {};

struct endpoint_health {
  std::string endpoint;
  bool up = false;
  std::uint64_t latency_ms = 0;       ///< smoothed
  std::uint64_t errors_permille = 0;  ///< smoothed share of calls without a usable answer
  std::uint64_t finalized_slot = 0;   ///< highest it ever answered
  std::uint64_t slots_behind = 0;     ///< behind the best endpoint
  std::string last_error;             ///< of the last call that failed
};

struct health_report {
  std::vector<endpoint_health> endpoints;
  std::size_t watches = 0;
};

/// Only the actor sends these to itself: its timer, and answers that arrived on other threads.
struct tick {};
struct arrived {
  std::shared_ptr<std::function<void()>> handle;
};

}  // namespace chain

using chain_actor = caf::typed_actor<
    // Sends `to` every endpoint's status of the signature, poll by poll, until finalized. Ends with `unwatch` or with
    // `to`, which is not kept alive. An error at the bound `max_watches`; a second `watch` sends everything again.
    caf::reacts_to<chain::watch>,
    // Ends one watch; an unknown one is ignored.
    caf::reacts_to<chain::unwatch>,
    // Queues the bytes at every endpoint. Answered when the first endpoint has answered, or when every queue is full.
    // Whether the transaction lands shows only in the updates of `watch`.
    caf::replies_to<chain::broadcast>::with<chain::sent>,
    // Searches the account's history at every endpoint once; sends each one's result to `to`.
    caf::reacts_to<chain::history_request>,
    // A recent blockhash at `confirmed` with enough blocks left.
    caf::replies_to<chain::blockhash_request>::with<chain::fresh_blockhash>,
    // Simulates a transaction; `is_refused` if every endpoint calls it malformed.
    caf::replies_to<chain::simulate_request>::with<chain::simulated>,
    // Accounts of one bank, no older than requested.
    caf::replies_to<chain::accounts_request>::with<chain::accounts_read>,
    // A landed transaction with its balances.
    caf::replies_to<chain::transaction_request>::with<chain::transaction_found>,
    // The furthest status that any endpoint reports of each signature, once. For display, not for proofs.
    caf::replies_to<chain::statuses_request>::with<chain::statuses_read>,
    // Lamports that make an account of this size rent-exempt.
    caf::replies_to<chain::rent_request>::with<chain::rent>,
    // What landed transactions recently paid for these accounts, between floor and cap.
    caf::replies_to<chain::fee_request>::with<chain::fee_estimate>,
    // The state of each endpoint.
    caf::replies_to<chain::health_request>::with<chain::health_report>,
    // The actor's own timer.
    caf::reacts_to<chain::tick>,
    // An endpoint's answer, from another thread.
    caf::reacts_to<chain::arrived>>;

/// No endpoint answered the request, or a queue was full: retry later.
[[nodiscard]] inline caf::error unavailable(std::string why) {
  return caf::make_error(caf::sec::runtime_error, std::move(why));
}
/// Every endpoint refuses the request itself: a retry is of no use.
[[nodiscard]] inline caf::error refused(std::string why) {
  return caf::make_error(caf::sec::invalid_argument, std::move(why));
}

[[nodiscard]] inline bool is_refused(const caf::error& e) {
  return e == caf::sec::invalid_argument;
}
[[nodiscard]] inline bool is_unavailable(const caf::error& e) {
  return e && !is_refused(e);
}

}  // namespace landfall::executor

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(landfall::executor::chain::status_update)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(landfall::executor::chain::watch)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(landfall::executor::chain::unwatch)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(landfall::executor::chain::broadcast)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(landfall::executor::chain::sent)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(landfall::executor::chain::history_update)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(landfall::executor::chain::history_request)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(landfall::executor::chain::blockhash_request)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(landfall::executor::chain::fresh_blockhash)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(landfall::executor::chain::simulate_request)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(landfall::executor::chain::simulated)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(landfall::executor::chain::accounts_request)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(landfall::executor::chain::accounts_read)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(landfall::executor::chain::transaction_request)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(landfall::executor::chain::transaction_found)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(landfall::executor::chain::statuses_request)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(landfall::executor::chain::statuses_read)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(landfall::executor::chain::rent_request)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(landfall::executor::chain::rent)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(landfall::executor::chain::fee_request)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(landfall::executor::chain::fee_estimate)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(landfall::executor::chain::health_request)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(landfall::executor::chain::health_report)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(landfall::executor::chain::tick)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(landfall::executor::chain::arrived)
