#include "trigger-service/orders/start_orders.hpp"

#include <atomic>
#include <caf/all.hpp>
#include <utility>

#include "common/runtime/actor_system.hpp"
#include "common/runtime/log.hpp"
#include "common/runtime/stop_signal.hpp"
#include "trigger-service/orders/decision_writer.hpp"
#include "trigger-service/orders/order_hint.hpp"
#include "trigger-service/orders/order_loader.hpp"
#include "trigger-service/orders/supervisor.hpp"

namespace landfall::trigger {

using domain::milliseconds;

namespace {

constexpr std::int64_t minute_ms = 60'000;
constexpr std::int64_t hour_ms = 60 * minute_ms;
constexpr milliseconds stop_bound{1'500};
constexpr milliseconds drain_bound{2'000};
constexpr milliseconds writer_bound{300};

postgres::database::options database_options(const order_settings& s, const std::string& name) {
  postgres::database::options options;
  options.conninfo = s.postgres_url;
  options.application_name = name;
  // Short enough for a stop to end in time while the database hangs.
  options.connect_timeout_s = 3;
  options.statement_timeout_ms = 5'000;
  return options;
}

/// The configuration of every actor of the room.
struct configs {
  decision_writer_config writer;
  order_loader_config loader;
  supervisor_config supervisor;
  order_hint_config hint;
};

configs configure(const order_settings& orders, const price_settings& prices, service_context& context) {
  const auto metrics = std::make_shared<const decision_metrics>(&context.metrics);
  configs c;
  c.writer.max_batch = static_cast<std::size_t>(orders.batch_size);
  c.writer.max_batch_wait = milliseconds{orders.batch_ms};
  c.writer.seed = random_seed();
  c.writer.clock = context.clock;
  c.writer.metrics = metrics;
  c.writer.open_sink = [options = database_options(orders, "trigger-service writer"), instance = context.instance] {
    return std::make_unique<decision_store>(options, instance);
  };
  c.loader.poll = milliseconds{orders.poll_ms};
  c.loader.reconcile = milliseconds{orders.reconcile_ms};
  c.loader.seed = random_seed();
  c.loader.clock = context.clock;
  c.loader.metrics = metrics;
  c.loader.health = context.health;
  c.loader.open_source = [options = database_options(orders, "trigger-service loader")] {
    return std::make_unique<open_order_store>(options);
  };
  c.supervisor.feed = prices.feed(context);
  c.supervisor.market.gates = prices.gates();
  c.supervisor.market.write_within = milliseconds{orders.max_decision_age_ms};
  c.supervisor.market.clock = context.clock;
  c.supervisor.market.metrics = metrics;
  c.supervisor.fresh_for = milliseconds{orders.feed_fresh_ms};
  c.supervisor.clock = context.clock;
  c.supervisor.metrics = metrics;
  c.supervisor.health = context.health;
  c.hint.database = database_options(orders, "trigger-service hint");
  return c;
}

/// Shared with the actors that it is about: they may end after everything else here.
struct watchdog {
  std::atomic<bool> stopping{false};
  std::atomic<bool> failed{false};
};

/// Stops the process when an actor that nobody can start anew ends by itself.
template <class Actor>
void watch(const std::shared_ptr<watchdog>& guard, const Actor& actor, const char* name) {
  actor->attach_functor([guard, name](const caf::error& reason) {
    if (guard->stopping)
      return;
    guard->failed = true;
    runtime::log_error("actor_failed", {{"actor", name}, {"reason", caf::to_string(reason)}});
    runtime::request_stop();
  });
}

/// Writes what is decided already; prices are not taken any more.
void drain(caf::actor_system& system, const decision_writer_actor& writer) {
  caf::scoped_actor self{system};
  self->request(writer, drain_bound, drain_decisions{})
      .receive(
          [](const drained& answer) {
            runtime::log_info("decisions_flushed", {{"left", answer.left}});
          },
          [](const caf::error& e) {
            runtime::log_warn("decisions_not_flushed", {{"why", caf::to_string(e)}});
          });
}

}  // namespace

void order_settings::declare(runtime::settings& s) {
  s.add("postgres-url", postgres_url, "connection string or URL; default: role landfall_trigger at port base + 2")
      .secret();
  s.add("max-decision-age-ms", max_decision_age_ms, "decisions not durable this long after their price are dropped")
      .unit("ms")
      .range(1, hour_ms);
  s.add("feed-fresh-ms", feed_fresh_ms, "without an accepted price for this long the service is not ready")
      .unit("ms")
      .range(100, hour_ms);
  s.add("poll-ms", poll_ms, "between two readings of changed orders").unit("ms").range(10, minute_ms);
  s.add("reconcile-ms", reconcile_ms, "between two readings of all open orders").unit("ms").range(100, hour_ms);
  s.add("batch-ms", batch_ms, "how long a decision waits for others to share its commit").unit("ms").range(1, 1'000);
  s.add("batch-size", batch_size, "decisions a commit at most").range(1, 10'000);
}

void order_settings::complete(int port_base) {
  if (postgres_url.empty())
    postgres_url = "host=127.0.0.1 port=" + std::to_string(port_base + 2) + " dbname=landfall user=landfall_trigger";
}

std::string validate_orders(const order_settings& orders, const price_settings& prices, service_context& context) {
  const auto c = configure(orders, prices, context);
  for (const auto& why : {c.supervisor.validate(), c.writer.validate(), c.loader.validate()})
    if (!why.empty())
      return why;
  return {};
}

struct running_orders::state {
  caf::actor_system& system;
  std::shared_ptr<watchdog> guard;
  decision_writer_actor writer;
  supervisor_actor supervisor;
  order_loader_actor loader;
  order_hint_actor hint;
};

running_orders::running_orders(caf::actor_system& system, const order_settings& orders, const price_settings& prices,
                               service_context& context) {
  auto c = configure(orders, prices, context);
  const auto guard = std::make_shared<watchdog>();
  auto writer = spawn_decision_writer(system, std::move(c.writer));
  auto supervisor = spawn_supervisor(system, std::move(c.supervisor), writer);
  auto loader = spawn_order_loader(system, std::move(c.loader), supervisor, writer);
  auto hint = spawn_order_hint(system, c.hint, loader);
  caf::anon_send(supervisor, use_loader{loader});
  watch(guard, writer, "decision_writer");
  watch(guard, supervisor, "supervisor");
  watch(guard, loader, "order_loader");
  watch(guard, hint, "order_hint");
  state_ = std::make_unique<state>(
      state{system, guard, std::move(writer), std::move(supervisor), std::move(loader), std::move(hint)});
}

running_orders::~running_orders() = default;

running_orders::stop_report running_orders::stop() {
  auto& s = *state_;
  s.guard->stopping = true;
  std::vector<caf::strong_actor_ptr> producers{
      caf::actor_cast<caf::strong_actor_ptr>(std::exchange(s.supervisor, nullptr)),
      caf::actor_cast<caf::strong_actor_ptr>(std::exchange(s.hint, nullptr)),
      caf::actor_cast<caf::strong_actor_ptr>(std::exchange(s.loader, nullptr))};
  auto killed = runtime::stop_actors(s.system, std::move(producers), stop_bound);
  drain(s.system, s.writer);
  killed += runtime::stop_actors(s.system, {caf::actor_cast<caf::strong_actor_ptr>(std::exchange(s.writer, nullptr))},
                                 writer_bound);
  return {killed, s.guard->failed};
}

}  // namespace landfall::trigger
