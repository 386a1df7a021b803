#include "executor-service/config.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <set>

#include "common/runtime/instance_id.hpp"
#include "common/solana/pubkey.hpp"
#include "executor-service/gateways/rpc.hpp"
#include "executor-service/order/build/maker/maker_client.hpp"

namespace landfall::executor {

namespace {

std::optional<std::uint32_t> whole_number(const std::string& text) {
  std::uint32_t n = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), n);
  if (error != std::errc{} || end != text.data() + text.size())
    return std::nullopt;
  return n;
}

}  // namespace

std::vector<net::rate_limit> service_config::rpc_limits() const {
  std::vector<net::rate_limit> limits;
  for (std::size_t i = 0; i < rpc_urls.size(); ++i) {
    const auto& text = rpc_requests_per_window.at(rpc_requests_per_window.size() == 1 ? 0 : i);
    limits.push_back({whole_number(text).value(), std::chrono::milliseconds{rpc_window_ms}});
  }
  return limits;
}

bool service_config::has_role(const std::string& role) const {
  return std::find(roles.begin(), roles.end(), role) != roles.end();
}

void service_config::declare(runtime::settings& s) {
  s.add("port-base", port_base, "first of Landfall's ports; HTTP listens on it").range(1024, 65'500);
  s.add("listen-address", listen_address, "address that HTTP listens on");
  s.add("roles", roles, "what this process does: api, executor, verifier").required();
  s.add("instance", instance, "name of this process in audit rows and logs (default: made of host and process)");
  s.add("log-level", log_level, "least level that is logged").one_of({"debug", "info", "warn", "error"});
  s.add("log-format", log_format, "form of the log lines").one_of({"json", "text"});
  s.add("postgres-url", postgres_url, "database of the executor role (default: port base + 2, user landfall_executor)")
      .secret();
  s.add("api-postgres-url", api_postgres_url, "database of the api role (default: port base + 2, user landfall_api)")
      .secret();
  s.add("verifier-postgres-url", verifier_postgres_url,
        "database of the verifier role (default: port base + 2, user landfall_verifier)")
      .secret();
  s.add("rpc-urls", rpc_urls,
        "Solana JSON-RPC endpoints, two or more for real money (default: port base + 10 and + 11)");
  s.add("router-url", router_url, "swap router's base URL (default: port base + 12)");
  s.add("router-api-key", router_api_key, "sent to the router as x-api-key").secret();
  s.add("maker-urls", maker_urls, "market makers' webhooks, asked for quotes beside the router (default: none)");
  s.add("maker-quote-timeout-ms", maker_quote_timeout_ms, "how long a maker may take to quote")
      .unit("ms")
      .range(10, 5'000);
  s.add("router-programs", router_programs, "programs that the router's instructions may call");
  s.add("hermes-http-url", hermes_http_url, "price service of the order minimum (default: port base + 13)");
  s.add("hermes-api-key", hermes_api_key, "sent to the price service as a bearer token").secret();
  s.add("fee-payer-key", fee_payer_key, "file of the fee payer's key, readable by its owner alone").required();
  s.add("master-secret", master_secret, "file of the 32-byte master secret in hex, readable by its owner alone")
      .required();
  s.add("poll-ms", poll_ms, "how often due orders are claimed, hint or no hint").unit("ms").range(10, 60'000);
  s.add("lease-ms", lease_ms, "how long a claim lasts unless prolonged").unit("ms").range(1'000, 600'000);
  s.add("max-builds", max_builds,
        "swaps built at once, and as many payouts, refunds and closes; what else is to be built waits in line")
      .range(1, 1'000);
  s.add("max-in-flight", max_in_flight, "orders worked on at once").range(1, 20'000);
  s.add("reserved-share-percent", reserved_share_percent,
        "of max-in-flight, places that started work never takes from new work, nor new work from started work")
      .unit("%")
      .range(1, 50);
  s.add("status-poll-ms", status_poll_ms, "pause between two rounds of status questions").unit("ms").range(10, 60'000);
  s.add("rebroadcast-ms", rebroadcast_ms, "pause between two sends of the same bytes").unit("ms").range(50, 60'000);
  s.add("evidence-max-age-ms", evidence_max_age_ms, "older trigger evidence goes back to the trigger")
      .unit("ms")
      .range(1'000, 86'400'000);
  s.add("max-swap-attempts", max_swap_attempts, "tries without a swap before the deposit goes home").range(1, 1'000);
  s.add("expiry-grace-ms", expiry_grace_ms, "how long after its time an open order is left to the trigger service")
      .unit("ms")
      .range(0, 86'400'000);
  s.add("automatic-slippage-bps", automatic_slippage_bps, "slippage of orders that leave it to us")
      .unit("bps")
      .range(0, 10'000);
  s.add("min-fee-payer-lamports", min_fee_payer_lamports, "below this nothing new is signed").unit("lamports");
  s.add("fee-floor", fee_floor_micro_lamports, "least priority fee").unit("micro-lamports per compute unit");
  s.add("fee-cap", fee_cap_micro_lamports, "highest priority fee").unit("micro-lamports per compute unit");
  s.add("api-keys", api_keys, "if given, callers need one of them in x-api-key").secret();
  s.add("min-order-usd", min_order_usd, "least worth of a deposit").unit("USD").range(0, 1'000'000);
  s.add("confirm-wait-ms", confirm_wait_ms, "how long a create call waits for its deposit").unit("ms").range(0, 60'000);
  s.add("requests-per-minute", requests_per_minute, "requests that one wallet or address may make").range(1, 1'000'000);
  s.add("rpc-requests-per-window", rpc_requests_per_window,
        "requests that an RPC endpoint takes from us within rpc-window-ms: one number for all, or one for each of "
        "rpc-urls");
  s.add("rpc-window-ms", rpc_window_ms, "the sliding window of rpc-requests-per-window").unit("ms").range(10, 600'000);
  s.add("router-requests-per-window", router_requests_per_window,
        "requests that the router takes from us within router-window-ms; a quote and its instructions are two")
      .range(1, 1'000'000);
  s.add("router-window-ms", router_window_ms, "the sliding window of router-requests-per-window")
      .unit("ms")
      .range(10, 600'000);
  s.add("hermes-requests-per-window", hermes_requests_per_window,
        "requests that the price service takes from us within hermes-window-ms")
      .range(1, 1'000'000);
  s.add("hermes-window-ms", hermes_window_ms, "the sliding window of hermes-requests-per-window")
      .unit("ms")
      .range(10, 600'000);
}

std::pair<std::string, std::string> service_config::complete() {
  for (const auto& role : roles)
    if (role != "api" && role != "executor" && role != "verifier")
      return {"roles", "\"" + role + "\" is no role: api, executor and verifier are"};
  for (const auto& program : router_programs)
    if (!solana::pubkey::parse(program))
      return {"router-programs", "\"" + program + "\" is no program address"};
  std::set<std::string> makers;
  for (const auto& url : maker_urls) {
    const auto name = maker_name(url);
    if (!name)
      return {"maker-urls", "\"" + url + "\" is no http or https address"};
    if (!makers.insert(*name).second)
      return {"maker-urls", "\"" + *name + "\" is given twice"};
  }
  if (fee_floor_micro_lamports > fee_cap_micro_lamports)
    return {"fee-floor", "it is above fee-cap"};
  if (instance.empty())
    instance = runtime::instance_id("executor-service");
  const auto local = [&](int offset) { return "http://127.0.0.1:" + std::to_string(port_base + offset); };
  const auto database = [&](const std::string& user) {
    return "host=127.0.0.1 port=" + std::to_string(port_base + 2) + " dbname=landfall user=" + user;
  };
  if (postgres_url.empty())
    postgres_url = database("landfall_executor");
  if (api_postgres_url.empty())
    api_postgres_url = database("landfall_api");
  if (verifier_postgres_url.empty())
    verifier_postgres_url = database("landfall_verifier");
  if (rpc_urls.empty())
    rpc_urls = {local(10), local(11)};
  if (const auto wrong = same_node(rpc_urls))
    return {"rpc-urls", *wrong};
  if (rpc_requests_per_window.size() != 1 && rpc_requests_per_window.size() != rpc_urls.size())
    return {"rpc-requests-per-window", "it has to be one number, or one for each endpoint"};
  for (const auto& text : rpc_requests_per_window)
    if (const auto n = whole_number(text); !n || *n == 0 || *n > 1'000'000)
      return {"rpc-requests-per-window", "\"" + text + "\" is not within 1 and 1000000"};
  if (router_url.empty())
    router_url = local(12);
  if (hermes_http_url.empty())
    hermes_http_url = local(13);
  return {};
}

}  // namespace landfall::executor
