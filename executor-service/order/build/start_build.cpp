#include "executor-service/order/build/start_build.hpp"

#include <set>
#include <utility>

#include "executor-service/order/build/fee_payer_alarm.hpp"
#include "executor-service/order/build/maker/maker_client.hpp"
#include "executor-service/order/build/router/router_client.hpp"

namespace landfall::executor {

using runtime::setting_error;

namespace {

build_metrics declare_build_metrics(runtime::metrics& metrics) {
  return {metrics.counter("landfall_executor_makers_taken_total", "Swaps signed for a market maker."),
          metrics.counter("landfall_executor_makers_refused_total", "Better quotes of makers that could not be used."),
          metrics.gauge("landfall_executor_fee_payer_lamports", "What the fee payer holds.")};
}

maker_metrics declare_maker_metrics(runtime::metrics& metrics) {
  const auto quotes = [&](const char* answer) {
    return metrics.counter("landfall_maker_quotes_total", "Quotes asked of market makers.", {{"answer", answer}});
  };
  const auto swaps = [&](const char* answer) {
    return metrics.counter("landfall_maker_swaps_total", "Answers of makers to submitted messages; they prove nothing.",
                           {{"answer", answer}});
  };
  return {quotes("quote"), quotes("none"), swaps("accepted"), swaps("rejected"), swaps("none")};
}

std::shared_ptr<router_api> make_router(const build_settings& settings, net::host_limiters& limiters) {
  router_options options;
  options.api_key = settings.router_api_key;
  options.limiter = limiters.of(settings.router_url, {static_cast<std::uint32_t>(settings.router_requests_per_window),
                                                      std::chrono::milliseconds{settings.router_window_ms}});
  return std::make_shared<router_client>(settings.router_url, std::move(options));
}

std::vector<std::shared_ptr<maker_api>> make_makers(const build_settings& settings, net::host_limiters& limiters) {
  std::vector<std::shared_ptr<maker_api>> makers;
  maker_options options;
  options.quote_timeout_ms = static_cast<std::uint32_t>(settings.maker_quote_timeout_ms);
  for (const auto& url : settings.maker_urls) {
    options.limiter = limiters.of(url, {});
    makers.push_back(std::make_shared<maker_client>(url, options));
  }
  return makers;
}

}  // namespace

void build_settings::declare(runtime::settings& s) {
  s.add("router-url", router_url, "swap router's base URL (default: port base + 12)");
  s.add("router-api-key", router_api_key, "sent to the router as x-api-key").secret();
  s.add("maker-urls", maker_urls, "market makers' webhooks, asked for quotes beside the router (default: none)");
  s.add("maker-quote-timeout-ms", maker_quote_timeout_ms, "how long a maker may take to quote")
      .unit("ms")
      .range(10, 5'000);
  s.add("router-programs", router_programs, "programs that the router's instructions may call");
  s.add("max-builds", max_builds,
        "swaps built at once, and as many payouts, refunds and closes; further builds are queued")
      .range(1, 1'000);
  s.add("automatic-slippage-bps", automatic_slippage_bps, "slippage of orders that leave it to us")
      .unit("bps")
      .range(0, 10'000);
  s.add("min-fee-payer-lamports", min_fee_payer_lamports, "below this nothing new is signed").unit("lamports");
  s.add("router-requests-per-window", router_requests_per_window,
        "requests that the router takes from us within router-window-ms; a quote and its instructions are two")
      .range(1, 1'000'000);
  s.add("router-window-ms", router_window_ms, "the sliding window of router-requests-per-window")
      .unit("ms")
      .range(10, 600'000);
}

std::optional<setting_error> build_settings::complete(int port_base) {
  for (const auto& program : router_programs)
    if (!solana::pubkey::parse(program))
      return setting_error{"router-programs", "\"" + program + "\" is no program address"};
  std::set<std::string> makers;
  for (const auto& url : maker_urls) {
    const auto name = maker_name(url);
    if (!name)
      return setting_error{"maker-urls", "\"" + url + "\" is no http or https address"};
    if (!makers.insert(*name).second)
      return setting_error{"maker-urls", "\"" + *name + "\" is given twice"};
  }
  if (router_url.empty())
    router_url = local_url(port_base + 12);
  return std::nullopt;
}

build_policy build_settings::policy() const {
  build_policy p;
  p.automatic_slippage_bps = automatic_slippage_bps;
  p.min_fee_payer_lamports = min_fee_payer_lamports;
  for (const auto& program : router_programs)
    p.router_programs.push_back(*solana::pubkey::parse(program));
  return p;
}

std::vector<caf::strong_actor_ptr> start_build(caf::actor_system& system, const build_settings& settings,
                                               const std::shared_ptr<const signer_keys>& keys,
                                               const service_context& context, build_dependencies& with) {
  auto& metrics = *context.metrics;
  with.fee_payer = keys->fee_payer.public_key();
  with.policy = settings.policy();
  with.build_counts = declare_build_metrics(metrics);
  with.signer = spawn_signer(system, keys);
  with.router = spawn_router(system, make_router(settings, *context.limiters));
  with.maker = spawn_maker(system, make_makers(settings, *context.limiters), declare_maker_metrics(metrics));
  fee_payer_alarm_config alarm;
  alarm.fee_payer = with.fee_payer;
  alarm.min_lamports = settings.min_fee_payer_lamports;
  alarm.lamports = with.build_counts.fee_payer_lamports;
  alarm.health = context.health.get();
  context.health->declare("fee_payer");
  return {caf::actor_cast<caf::strong_actor_ptr>(spawn_fee_payer_alarm(system, std::move(alarm), with.chain)),
          caf::actor_cast<caf::strong_actor_ptr>(with.signer), caf::actor_cast<caf::strong_actor_ptr>(with.router),
          caf::actor_cast<caf::strong_actor_ptr>(with.maker)};
}

}  // namespace landfall::executor
