#include "executor-service/chain/chain_config.hpp"

namespace landfall::executor {

using domain::done;
using domain::failure;

domain::result<done, std::string> chain_config::validate() const {
  const auto no = [](const char* why) { return failure{std::string{why}}; };
  if (poll_ms < 10 || poll_ms > 60'000 || idle_poll_ms < poll_ms)
    return no("poll_ms has to be within 10 and 60000, idle_poll_ms not below it");
  if (blockhash_max_age_ms == 0 || blockhash_max_age_ms > 10'000)
    return no("blockhash_max_age_ms has to be within 1 and 10000");
  if (blockhash_min_blocks_left == 0 || blockhash_min_blocks_left > blockhash_max_blocks_left)
    return no("blockhash_min_blocks_left has to be within 1 and blockhash_max_blocks_left");
  if (hedge_min_ms == 0 || hedge_min_ms > hedge_max_ms || hedge_max_ms > 60'000)
    return no("hedge_min_ms has to be within 1 and hedge_max_ms, which has to be within 60000");
  if (max_watches == 0 || max_in_flight_per_endpoint == 0 || max_status_calls_in_flight == 0 || max_waiting == 0 ||
      max_waiting_sends == 0 || max_waiting_reads == 0)
    return no("the bounds of the chain actor have to be at least 1");
  if (fee_percentile > 100)
    return no("fee_percentile has to be within 0 and 100");
  if (fee_floor_micro_lamports > fee_cap_micro_lamports)
    return no("fee_floor_micro_lamports is above fee_cap_micro_lamports");
  return done{};
}

}  // namespace landfall::executor
