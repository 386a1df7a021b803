#include "executor-service/order/start_executor.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace landfall::executor {

namespace {

order_metrics declare_order_metrics(runtime::metrics& metrics) {
  const auto signed_of = [&](const char* kind) {
    return metrics.counter("landfall_executor_attempts_signed_total", "Transactions signed and stored.",
                           {{"kind", kind}});
  };
  const auto outcome_of = [&](const char* outcome) {
    return metrics.counter("landfall_executor_attempts_resolved_total", "Attempts whose fate was proven.",
                           {{"outcome", outcome}});
  };
  return {signed_of("swap"),
          signed_of("payout"),
          signed_of("refund"),
          signed_of("close"),
          outcome_of("landed"),
          outcome_of("landed_failed"),
          outcome_of("dead"),
          metrics.counter("landfall_executor_rollbacks_total", "Confirmed attempts whose fork died."),
          metrics.counter("landfall_executor_attempts_overdue_total",
                          "Attempts in doubt for so long that a person has to look."),
          metrics.counter("landfall_executor_build_failures_total", "Transactions that were refused before signing.")};
}

order_config order_actor_config(const order_settings& settings, std::size_t rpc_endpoints) {
  order_config c;
  c.steps.evidence_max_age = domain::milliseconds{settings.evidence_max_age_ms};
  c.steps.max_swap_attempts = settings.max_swap_attempts;
  c.steps.expiry_grace = domain::milliseconds{settings.expiry_grace_ms};
  c.resolution.endpoints_configured = rpc_endpoints;
  c.rebroadcast = domain::milliseconds{settings.rebroadcast_ms};
  return c;
}

commit_writer_config commits(const order_settings& settings, const service_context& context) {
  auto& metrics = *context.metrics;
  return {context.database(settings.postgres_url),
          context.instance,
          128,
          metrics.counter("landfall_executor_commits_total", "Commits of the commit writer."),
          metrics.counter("landfall_executor_commit_units_total", "Units of writes in those commits."),
          metrics.counter("landfall_executor_commit_failures_total", "Commits that failed or are in doubt.")};
}

dispatcher_config claims(const order_settings& settings, const service_context& context) {
  dispatcher_config c;
  c.database = context.database(settings.postgres_url);
  c.instance = context.instance;
  c.poll = domain::milliseconds{settings.poll_ms};
  c.lease = domain::milliseconds{settings.lease_ms};
  c.claims.max_in_flight = static_cast<std::size_t>(settings.max_in_flight);
  c.claims.reserved_share_percent = static_cast<std::size_t>(settings.reserved_share_percent);
  c.metrics = context.metrics.get();
  return c;
}

}  // namespace

void order_settings::declare(runtime::settings& s) {
  s.add("postgres-url", postgres_url, "database of the executor role (default: port base + 2, user landfall_executor)")
      .secret();
  s.add("poll-ms", poll_ms, "how often due orders are claimed, hint or no hint").unit("ms").range(10, 60'000);
  s.add("lease-ms", lease_ms, "how long a claim lasts unless prolonged").unit("ms").range(1'000, 600'000);
  s.add("max-in-flight", max_in_flight, "orders worked on at once").range(1, 20'000);
  s.add("reserved-share-percent", reserved_share_percent,
        "share of max-in-flight that is reserved for new work, and as much for started work")
      .unit("%")
      .range(1, 50);
  s.add("rebroadcast-ms", rebroadcast_ms, "pause between two sends of the same bytes").unit("ms").range(50, 60'000);
  s.add("evidence-max-age-ms", evidence_max_age_ms, "older trigger evidence goes back to the trigger")
      .unit("ms")
      .range(1'000, 86'400'000);
  s.add("max-swap-attempts", max_swap_attempts, "tries without a swap before the deposit goes home").range(1, 1'000);
  s.add("expiry-grace-ms", expiry_grace_ms, "how long after its time an open order is left to the trigger service")
      .unit("ms")
      .range(0, 86'400'000);
  build.declare(s);
}

std::optional<runtime::setting_error> order_settings::complete(int port_base) {
  if (postgres_url.empty())
    postgres_url = local_database(port_base, "landfall_executor");
  return build.complete(port_base);
}

running_executor start_executor(caf::actor_system& system, const order_settings& settings,
                                const std::shared_ptr<const signer_keys>& keys, chain_actor chain,
                                std::size_t rpc_endpoints, const service_context& context) {
  order_dependencies work;
  work.chain = std::move(chain);
  work.clock = context.clock.get();
  work.config = order_actor_config(settings, rpc_endpoints);
  work.metrics = declare_order_metrics(*context.metrics);
  auto builders = start_build(system, settings.build, keys, context, work);
  work.swap_permits = spawn_semaphore(system, static_cast<std::size_t>(settings.build.max_builds));
  work.payment_permits = spawn_semaphore(system, static_cast<std::size_t>(settings.build.max_builds));
  work.commit_writer = spawn_commit_writer(system, commits(settings, context));
  builders.push_back(caf::actor_cast<caf::strong_actor_ptr>(work.swap_permits));
  builders.push_back(caf::actor_cast<caf::strong_actor_ptr>(work.payment_permits));
  const auto commit_writer = caf::actor_cast<caf::strong_actor_ptr>(work.commit_writer);
  const auto config = claims(settings, context);
  running_executor running;
  running.dispatcher = spawn_dispatcher(system, config, std::make_shared<const order_dependencies>(std::move(work)));
  const auto listener = spawn_order_listener(system, config.database, running.dispatcher);
  running.others = {caf::actor_cast<caf::strong_actor_ptr>(listener), commit_writer};
  std::ranges::move(builders, std::back_inserter(running.others));
  return running;
}

std::vector<caf::strong_actor_ptr> running_executor::drain(caf::actor_system& system, std::chrono::milliseconds bound) {
  auto left = std::move(others);
  if (!dispatcher)
    return left;
  caf::scoped_actor self{system};
  self->monitor(dispatcher);
  self->send(dispatcher, dispatcher_stop{});
  bool down = false;
  self->receive([&](const caf::down_msg&) { down = true; }, caf::after(bound) >> [] {});
  if (!down)
    left.insert(left.begin(), caf::actor_cast<caf::strong_actor_ptr>(dispatcher));
  dispatcher = nullptr;
  return left;
}

}  // namespace landfall::executor
