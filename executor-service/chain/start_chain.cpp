#include "executor-service/chain/start_chain.hpp"

#include <utility>

#include "common/domain/parse_number.hpp"
#include "executor-service/chain/rpc/rpc_endpoint.hpp"

namespace landfall::executor {

using runtime::setting_error;

namespace {

/// One endpoint's requests per window.
std::optional<std::uint32_t> rpc_limit(std::string_view text) {
  return domain::parse_number<std::uint32_t>(text, 1, 1'000'000);
}

}  // namespace

void chain_settings::declare(runtime::settings& s) {
  s.add("rpc-urls", rpc_urls,
        "Solana JSON-RPC endpoints, two or more for real money (default: port base + 10 and + 11)");
  s.add("status-poll-ms", status_poll_ms, "pause between two status polls").unit("ms").range(10, 60'000);
  s.add("fee-floor", fee_floor_micro_lamports, "least priority fee").unit("micro-lamports per compute unit");
  s.add("fee-cap", fee_cap_micro_lamports, "highest priority fee").unit("micro-lamports per compute unit");
  s.add("rpc-requests-per-window", rpc_requests_per_window,
        "requests that an RPC endpoint takes from us within rpc-window-ms: one number for all, or one for each of "
        "rpc-urls");
  s.add("rpc-window-ms", rpc_window_ms, "the sliding window of rpc-requests-per-window").unit("ms").range(10, 600'000);
}

std::optional<setting_error> chain_settings::complete(int port_base) {
  if (fee_floor_micro_lamports > fee_cap_micro_lamports)
    return setting_error{"fee-floor", "it is above fee-cap"};
  if (rpc_urls.empty())
    rpc_urls = {local_url(port_base + 10), local_url(port_base + 11)};
  if (const auto wrong = same_node(rpc_urls))
    return setting_error{"rpc-urls", *wrong};
  if (rpc_requests_per_window.size() != 1 && rpc_requests_per_window.size() != rpc_urls.size())
    return setting_error{"rpc-requests-per-window", "it has to be one number, or one for each endpoint"};
  for (const auto& text : rpc_requests_per_window)
    if (!rpc_limit(text))
      return setting_error{"rpc-requests-per-window", "\"" + text + "\" is not within 1 and 1000000"};
  return std::nullopt;
}

std::vector<std::shared_ptr<rpc_api>> chain_settings::endpoints(net::host_limiters& limiters,
                                                                std::optional<net::purpose> purpose) const {
  std::vector<std::shared_ptr<rpc_api>> all;
  for (std::size_t i = 0; i < rpc_urls.size(); ++i) {
    const auto& limit = rpc_requests_per_window.at(rpc_requests_per_window.size() == 1 ? 0 : i);
    rpc_options options;
    options.limiter = limiters.of(rpc_urls[i], {rpc_limit(limit).value(), std::chrono::milliseconds{rpc_window_ms}});
    options.purpose = purpose;
    all.push_back(std::make_shared<rpc_endpoint>("rpc" + std::to_string(i), rpc_urls[i], options));
  }
  return all;
}

chain_actor start_chain(caf::actor_system& system, const chain_settings& settings,
                        std::vector<std::shared_ptr<rpc_api>> endpoints, const service_context& context) {
  chain_config config;
  config.poll_ms = static_cast<std::uint32_t>(settings.status_poll_ms);
  config.fee_floor_micro_lamports = settings.fee_floor_micro_lamports;
  config.fee_cap_micro_lamports = settings.fee_cap_micro_lamports;
  context.health->declare("rpc");
  return spawn_chain(system, config, std::move(endpoints), *context.clock,
                     {context.metrics.get(), context.health.get(), "rpc"});
}

}  // namespace landfall::executor
