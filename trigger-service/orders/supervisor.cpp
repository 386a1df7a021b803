#include "trigger-service/orders/supervisor.hpp"

#include <algorithm>
#include <caf/all.hpp>
#include <map>
#include <unordered_map>
#include <utility>

#include "common/runtime/log.hpp"

namespace landfall::trigger {

namespace {

using runtime::log_error;
using runtime::log_info;

struct supervisor_state {
  static inline const char* name = "supervisor";

  supervisor_config config;
  decision_writer_actor writer;
  order_loader_actor loader;
  feed_actor feed;
  /// By mint.
  std::map<std::string, market_actor> markets;
  /// Several mints may share a feed.
  std::unordered_multimap<std::string, std::string> mints_of_feed;
  std::vector<std::string> feed_ids;
};

using self_pointer = supervisor_actor::stateful_pointer<supervisor_state>;

void start_feed(self_pointer self) {
  auto& state = self->state;
  state.feed = spawn_feed(self->system(), state.config.feed, caf::actor_cast<price_sink_actor>(self));
  self->link_to(state.feed);
  self->send(state.feed, watch_feeds{state.feed_ids});
}

void start_market(self_pointer self, const std::string& mint) {
  auto& state = self->state;
  auto config = state.config.market;
  config.mint = mint;
  auto market = spawn_market(self->system(), std::move(config), state.writer);
  self->link_to(market);
  state.markets.insert_or_assign(mint, std::move(market));
  log_info("market_started", {{"mint", mint}});
}

void stop_market(self_pointer self, const market_actor& market) {
  self->unlink_from(market);
  self->send_exit(market, caf::exit_reason::user_shutdown);
}

void use_tokens(self_pointer self, const std::vector<watched_token>& tokens) {
  auto& state = self->state;
  std::map<std::string, std::string> wanted;
  for (const auto& token : tokens)
    wanted.emplace(token.mint, token.price_feed_id);
  std::erase_if(state.markets, [&](const auto& item) {
    if (wanted.contains(item.first))
      return false;
    stop_market(self, item.second);
    log_info("market_stopped", {{"mint", item.first}});
    return true;
  });
  state.mints_of_feed.clear();
  state.feed_ids.clear();
  for (const auto& [mint, feed_id] : wanted) {
    if (!state.markets.contains(mint))
      start_market(self, mint);
    state.mints_of_feed.emplace(feed_id, mint);
    state.feed_ids.push_back(feed_id);
  }
  std::sort(state.feed_ids.begin(), state.feed_ids.end());
  state.feed_ids.erase(std::unique(state.feed_ids.begin(), state.feed_ids.end()), state.feed_ids.end());
  if (state.feed)
    self->send(state.feed, watch_feeds{state.feed_ids});
}

void take_prices(self_pointer self, const std::vector<price_update>& prices) {
  auto& state = self->state;
  for (const auto& price : prices) {
    const auto [first, last] = state.mints_of_feed.equal_range(price.feed_id);
    if (first == last)
      state.config.feed.metrics->dropped.inc();
    for (auto at = first; at != last; ++at)
      if (const auto market = state.markets.find(at->second); market != state.markets.end())
        self->send(market->second, price_seen{price});
  }
}

void take_orders(self_pointer self, const orders_loaded& message) {
  std::map<std::string, std::vector<watched_order>> by_mint;
  for (const auto& order : message.orders)
    by_mint[order.trigger_mint].push_back(order);
  for (auto& [mint, orders] : by_mint) {
    // Without a market the order waits for its token to be enabled, or for its expiry.
    const auto market = self->state.markets.find(mint);
    if (market != self->state.markets.end())
      self->send(market->second, orders_loaded{std::move(orders), message.pass});
  }
}

void check_freshness(const supervisor_state& state) {
  const auto age = state.config.clock->now() - state.config.metrics->last_accepted();
  const bool fresh = state.feed_ids.empty() || age <= state.config.fresh_for;
  state.config.health->set("price_feed", fresh, "no price passed the gates lately");
}

/// Forgets the child that failed; the next tick starts it anew, so that one that fails at once does so once a tick.
void on_child_down(supervisor_state& state, const caf::actor_addr& failed, const caf::error& reason) {
  const auto is_failed = [&](const auto& item) { return item.second.address() == failed; };
  const auto market = std::find_if(state.markets.begin(), state.markets.end(), is_failed);
  const bool is_feed = market == state.markets.end();
  log_error("actor_failed", {{"actor", is_feed ? "feed" : "market"},
                             {"mint", is_feed ? std::string{} : market->first},
                             {"reason", caf::to_string(reason)}});
  if (is_feed)
    state.feed = nullptr;
  else
    state.markets.erase(market);
}

void start_missing(self_pointer self) {
  auto& state = self->state;
  if (!state.feed)
    start_feed(self);
  bool lost_orders = false;
  for (const auto& [feed_id, mint] : state.mints_of_feed)
    if (!state.markets.contains(mint)) {
      start_market(self, mint);
      lost_orders = true;
    }
  if (lost_orders && state.loader)
    self->send(state.loader, reload_orders{});
}

bool is_child(const supervisor_state& state, const caf::actor_addr& who) {
  return (state.feed && state.feed.address() == who) ||
         std::any_of(state.markets.begin(), state.markets.end(),
                     [&](const auto& item) { return item.second.address() == who; });
}

supervisor_actor::behavior_type behaviour(self_pointer self, supervisor_config config, decision_writer_actor writer) {
  auto& state = self->state;
  state.config = std::move(config);
  state.writer = std::move(writer);
  self->set_exit_handler([self](caf::exit_msg& message) {
    if (is_child(self->state, message.source))
      on_child_down(self->state, message.source, message.reason);
    else
      self->quit(message.reason);
  });
  start_feed(self);
  self->send(self, supervise_tick{});
  return {
      [self](const prices_seen& message) { take_prices(self, message.prices); },
      [self](const tokens_loaded& message) { use_tokens(self, message.tokens); },
      [self](const orders_loaded& message) { take_orders(self, message); },
      [self](const orders_swept& message) {
        for (const auto& [mint, market] : self->state.markets)
          self->send(market, message);
      },
      [self](const use_loader& message) { self->state.loader = message.loader; },
      [self](supervise_tick) {
        start_missing(self);
        check_freshness(self->state);
        self->delayed_send(self, self->state.config.tick, supervise_tick{});
      },
  };
}

}  // namespace

std::string supervisor_config::validate() const {
  if (auto why = feed.validate(); !why.empty())
    return why;
  if (auto why = market.validate(); !why.empty())
    return why;
  if (fresh_for.count() <= 0 || tick.count() <= 0)
    return "the time a price feed stays fresh must be positive";
  if (!clock || !metrics || !health)
    return "clock, metrics and health are needed";
  return {};
}

supervisor_actor spawn_supervisor(caf::actor_system& system, supervisor_config config, decision_writer_actor writer) {
  return system.spawn(behaviour, std::move(config), std::move(writer));
}

}  // namespace landfall::trigger
