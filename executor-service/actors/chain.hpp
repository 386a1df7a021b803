#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <caf/actor_addr.hpp>
#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/error.hpp>
#include <caf/fwd.hpp>
#include <caf/replies_to.hpp>
#include <caf/typed_actor.hpp>

#include "common/domain/result.hpp"
#include "common/domain/uuid.hpp"
#include "common/runtime/clock.hpp"
#include "common/runtime/health.hpp"
#include "common/runtime/metrics.hpp"
#include "common/solana/bytes.hpp"
#include "common/solana/pubkey.hpp"
#include "executor-service/gateways/rpc.hpp"
#include "executor-service/order/core/observation.hpp"

namespace landfall::executor {

/// The chain, as the executor's actors see it: several endpoints, none of which is trusted. An error in answer to a
/// request means "no endpoint gave an answer" (`is_unavailable`) and proves nothing.
namespace chain {

struct observed {
  solana::signature id;
  observation seen;
};

/// Whoever takes `observed`; a typed actor that handles more converts to it, others by `caf::actor_cast`.
using observer = caf::typed_actor<caf::reacts_to<observed>>;

struct watch {
  solana::signature id;
  observer to;
};

struct unwatch {
  solana::signature id;
  observer to;
};

struct broadcast {
  solana::signature id;
  solana::bytes transaction;
  /// This process sent it before: it goes after all that was never sent.
  bool again = false;
};

/// It is on its way. Nothing is said of what comes of it.
struct sent {};

struct history_observed {
  domain::attempt_id attempt;
  observation seen;
};

using history_observer = caf::typed_actor<caf::reacts_to<history_observed>>;

/// A message whose id is a market maker's to give, and the account whose history has to show it if it landed.
struct history_look {
  domain::attempt_id attempt;
  solana::bytes message;
  solana::pubkey maker;
  solana::pubkey account;
  solana::pubkey token_program;
  /// The deposit: how far back the history has to reach.
  solana::signature anchor;
  /// Not kept alive.
  caf::actor_addr to;
};

struct blockhash_request {};

struct fresh_blockhash {
  std::string endpoint;
  std::uint64_t context_slot = 0;
  solana::blockhash hash;
  std::uint64_t last_valid_block_height = 0;
  /// Left of its life when it was fetched, by the same endpoint's confirmed height.
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
  accounts_view view;  ///< its context slot is at least the one asked for
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
  /// Also what landed longer ago than nodes remember by themselves, at a price.
  bool search_history = false;
};

struct statuses_read {
  /// In the order asked. Nothing: nobody who answered knows it, which proves nothing.
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
  bool measured = false;  ///< false: no endpoint told, this is the floor
};

struct health_request {};

struct endpoint_health {
  std::string endpoint;
  bool up = false;
  std::uint64_t latency_ms = 0;       ///< smoothed
  std::uint64_t errors_permille = 0;  ///< smoothed share of calls without a usable answer
  std::uint64_t finalized_slot = 0;   ///< highest it ever answered
  std::uint64_t slots_behind = 0;     ///< of the best endpoint
  std::string last_error;             ///< of the last call that failed
};

struct health_report {
  std::vector<endpoint_health> endpoints;
  std::size_t watches = 0;
};

/// The actor's own: its timer, and answers that arrived on other threads.
struct tick {};
struct arrived {
  std::shared_ptr<std::function<void()>> handle;
};

}  // namespace chain

using chain_actor = caf::typed_actor<
    // Tells `to` what every endpoint says of the signature, round by round, until finalized. Ends with `unwatch` or
    // with `to`, which is not kept alive. At the bound `max_watches` it is answered by an error; asked twice, all is
    // told again.
    caf::reacts_to<chain::watch>,
    // Takes one watch back; unknown ones are ignored.
    caf::reacts_to<chain::unwatch>,
    // Sends the bytes to all endpoints, in line with what they have to take before. Answered when the first of them has
    // answered, or none has room for it in line. What comes of it shows only in what `watch` tells.
    caf::replies_to<chain::broadcast>::with<chain::sent>,
    // Looks once at every endpoint, and tells what each shows of the message.
    caf::reacts_to<chain::history_look>,
    // A recent blockhash at `confirmed`, with life left.
    caf::replies_to<chain::blockhash_request>::with<chain::fresh_blockhash>,
    // What a transaction would do; `is_refused` if every endpoint calls it malformed.
    caf::replies_to<chain::simulate_request>::with<chain::simulated>,
    // Accounts as one bank has them, no older than asked.
    caf::replies_to<chain::accounts_request>::with<chain::accounts_read>,
    // A landed transaction with its balances.
    caf::replies_to<chain::transaction_request>::with<chain::transaction_found>,
    // What is known of signatures now, once: the furthest that any endpoint says. For people who wait, not for proofs.
    caf::replies_to<chain::statuses_request>::with<chain::statuses_read>,
    // Lamports that an account of this size needs.
    caf::replies_to<chain::rent_request>::with<chain::rent>,
    // What landed transactions lately paid for these accounts, between floor and cap.
    caf::replies_to<chain::fee_request>::with<chain::fee_estimate>,
    // How the endpoints do.
    caf::replies_to<chain::health_request>::with<chain::health_report>,
    // Its own timer.
    caf::reacts_to<chain::tick>,
    // An endpoint's answer, from another thread.
    caf::reacts_to<chain::arrived>>;

struct chain_config {
  std::uint32_t poll_ms = 400;                       ///< between two rounds of status questions
  std::uint32_t idle_poll_ms = 2'000;                ///< the same while nothing is watched
  std::uint32_t blockhash_max_age_ms = 1'000;        ///< an older one is fetched again
  std::uint64_t blockhash_min_blocks_left = 100;     ///< one with less life is refused
  std::uint64_t blockhash_max_blocks_left = 300;     ///< one with more is not believed
  std::uint32_t rent_max_age_ms = 60'000;            ///< an older answer is asked for again
  std::uint32_t quiet_after_429_ms = 1'000;          ///< no rounds after HTTP 429, unless it says how long
  std::uint32_t hedge_min_ms = 50;                   ///< a read waits so long for one endpoint before a second is asked
  std::uint32_t hedge_max_ms = 1'000;                ///< and no longer than this
  std::size_t max_watches = 20'000;                  ///< signatures times watchers
  std::size_t max_in_flight_per_endpoint = 64;       ///< reads, and as many sends; above it another is asked
  std::size_t max_waiting_sends = 20'000;            ///< per endpoint, and as many repeats
  std::size_t max_waiting_reads = 4'096;             ///< while all endpoints have as many reads as they may
  std::uint32_t max_read_wait_ms = 5'000;            ///< so long, then nobody answers
  std::size_t max_status_calls_in_flight = 4;        ///< per endpoint, within a round
  std::size_t max_waiting = 4'096;                   ///< requests that wait for one blockhash
  std::uint64_t max_slots_behind = 64;               ///< an endpoint further behind is asked last
  std::uint64_t max_slots_unfinalized = 10'000;      ///< a status from a bank further ahead of its own is not believed
  std::uint32_t believe_older_after_ms = 60'000;     ///< an endpoint that goes back in time is ignored so long
  std::uint32_t fee_percentile = 75;                 ///< of the recent samples
  std::uint64_t fee_floor_micro_lamports = 1'000;    ///< per compute unit
  std::uint64_t fee_cap_micro_lamports = 2'000'000;  ///< per compute unit

  /// The error is a sentence.
  [[nodiscard]] domain::result<domain::done, std::string> validate() const;
};

/// Where the actor reports to; all optional, each has to outlive the actor.
struct chain_reports {
  runtime::metrics* metrics = nullptr;
  /// Its check `health_check` is ok while at least one endpoint answers.
  runtime::health* health = nullptr;
  std::string health_check = "rpc";
};

/// The request reached no endpoint that answered it, or a bound was met: ask again later.
[[nodiscard]] bool is_unavailable(const caf::error& e);
/// Every single endpoint refuses the request itself, not just now: asking the same again is of no use.
[[nodiscard]] bool is_refused(const caf::error& e);

/// Event-based, never blocks. `endpoints` have distinct names; `clock` has to outlive the actor.
[[nodiscard]] chain_actor spawn_chain(caf::actor_system& system, chain_config config,
                                      std::vector<std::shared_ptr<rpc_api>> endpoints, const runtime::clock& clock,
                                      chain_reports reports = {});

}  // namespace landfall::executor

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(landfall::executor::chain::observed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(landfall::executor::chain::watch)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(landfall::executor::chain::unwatch)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(landfall::executor::chain::broadcast)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(landfall::executor::chain::sent)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(landfall::executor::chain::history_observed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(landfall::executor::chain::history_look)
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
