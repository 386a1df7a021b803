#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "common/domain/result.hpp"
#include "common/runtime/health.hpp"
#include "common/runtime/metrics.hpp"

namespace landfall::executor {

struct chain_config {
  std::uint32_t poll_ms = 400;                       ///< between two status polls of an endpoint
  std::uint32_t idle_poll_ms = 2'000;                ///< the same while nothing is watched
  std::uint32_t blockhash_max_age_ms = 1'000;        ///< an older one is fetched again
  std::uint64_t blockhash_min_blocks_left = 100;     ///< one with less life is refused
  std::uint64_t blockhash_max_blocks_left = 300;     ///< one with more is not believed
  std::uint32_t rent_max_age_ms = 60'000;            ///< an older one is fetched again
  std::uint32_t quiet_after_429_ms = 1'000;          ///< no polls after HTTP 429 without a `Retry-After`
  std::uint32_t hedge_min_ms = 50;                   ///< a second endpoint is asked no earlier than this
  std::uint32_t hedge_max_ms = 1'000;                ///< and no later
  std::size_t max_watches = 20'000;                  ///< signatures times listeners
  std::size_t max_in_flight_per_endpoint = 64;       ///< reads, and as many sends; above it another endpoint is asked
  std::size_t max_waiting_sends = 20'000;            ///< queued per endpoint, and as many repeats
  std::size_t max_waiting_reads = 4'096;             ///< queued while every endpoint is at its bound
  std::uint32_t max_read_wait_ms = 5'000;            ///< a read queued longer than this is unavailable
  std::size_t max_status_calls_in_flight = 4;        ///< per endpoint, within a poll
  std::size_t max_waiting = 4'096;                   ///< requests that wait for one blockhash
  std::uint64_t max_slots_behind = 64;               ///< an endpoint further behind is asked last
  std::uint64_t max_slots_unfinalized = 10'000;      ///< a status further ahead of the finalized slot is not believed
  std::uint32_t believe_older_after_ms = 60'000;     ///< an endpoint whose slot falls is ignored for this long
  std::uint32_t fee_percentile = 75;                 ///< of the recent samples
  std::uint64_t fee_floor_micro_lamports = 1'000;    ///< per compute unit
  std::uint64_t fee_cap_micro_lamports = 2'000'000;  ///< per compute unit

  /// The error is a sentence.
  [[nodiscard]] domain::result<domain::done, std::string> validate() const;
};

/// Where the actor reports its metrics and health. All optional; each has to outlive the actor.
struct chain_reports {
  runtime::metrics* metrics = nullptr;
  /// Its check `health_check` is ok while at least one endpoint answers.
  runtime::health* health = nullptr;
  std::string health_check = "rpc";
};

}  // namespace landfall::executor
