#pragma once

#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/fwd.hpp>
#include <caf/replies_to.hpp>
#include <caf/typed_actor.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "common/net/backoff.hpp"
#include "common/runtime/health.hpp"
#include "trigger-service/orders/decision_writer.hpp"
#include "trigger-service/orders/market.hpp"
#include "trigger-service/orders/open_order_store.hpp"

namespace landfall::trigger {

/// The loader's own timer: read what is due.
struct poll_orders {};
/// The loader's own: read the next page of all open orders.
struct read_next_page {};
/// An order opened: read what changed, now.
struct orders_hint {};
/// The loader's own: the hints that came too soon after a reading are due.
struct read_hinted {};
/// A book was lost: read all open orders again.
struct reload_orders {};

/// The tokens whose prices are to be watched; all of them, not what changed.
struct tokens_loaded {
  std::vector<watched_token> tokens;
};

/// The actor that keeps the books: the supervisor.
using order_sink_actor =
    caf::typed_actor<caf::reacts_to<tokens_loaded>, caf::reacts_to<orders_loaded>, caf::reacts_to<orders_swept>>;

using order_loader_actor =
    caf::typed_actor<caf::reacts_to<poll_orders>, caf::reacts_to<read_next_page>, caf::reacts_to<orders_hint>,
                     caf::reacts_to<read_hinted>, caf::reacts_to<reload_orders>>;

struct order_loader_config {
  /// Between two readings of what changed, whatever was hinted meanwhile.
  std::chrono::milliseconds poll{1'000};
  /// Between two readings of all open orders.
  std::chrono::milliseconds reconcile{30'000};
  std::chrono::milliseconds tokens{5'000};
  /// How long a transaction may take to become visible and still be found by the poll; later ones by the
  /// reconciliation.
  std::chrono::milliseconds overlap{5'000};
  /// Hints that follow a reading within this time wait for its end.
  std::chrono::milliseconds hint_gap{20};
  std::size_t page = 1'000;
  /// Of changed orders in one poll; the rest follows in the next.
  std::size_t max_pages_per_poll = 64;
  /// Expired orders sent to the writer at once; the next ones follow when they are settled.
  std::size_t max_expiries = 256;
  net::backoff_policy retry{std::chrono::milliseconds{500}, std::chrono::milliseconds{5'000},
                            net::jitter::decorrelated};
  std::uint64_t seed = 1;
  std::shared_ptr<const runtime::clock> clock;
  std::shared_ptr<const decision_metrics> metrics;
  /// Gets the checks "postgres" and "migrations".
  std::shared_ptr<runtime::health> health;
  /// Called on the loader's own thread, where the connection then lives.
  std::function<std::unique_ptr<order_source>()> open_source;
  /// A thread of its own, as a blocking source needs.
  bool detached = true;

  /// Empty, or what is wrong, as a sentence.
  [[nodiscard]] std::string validate() const;
};

/// Reads tokens and open orders into the books, and sends expired orders to the writer. While the database
/// cannot be reached it waits and tries again.
[[nodiscard]] order_loader_actor spawn_order_loader(caf::actor_system& system, order_loader_config config,
                                                    order_sink_actor sink, decision_writer_actor writer);

}  // namespace landfall::trigger

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(landfall::trigger::poll_orders)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(landfall::trigger::read_next_page)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(landfall::trigger::orders_hint)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(landfall::trigger::read_hinted)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(landfall::trigger::reload_orders)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(landfall::trigger::tokens_loaded)
