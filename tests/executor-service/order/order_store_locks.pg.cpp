// The commit writer's commits and the renewal of leases lock many orders each. Both lock them in one order, or they
// would wait for each other in a circle, and PostgreSQL would undo one of them after a second.
#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <future>

#include "executor-service/order/order_store.hpp"
#include "tests/support/fixtures.hpp"

using namespace landfall;
using namespace landfall::executor;
using domain::order_state;
using tests::fixtures;
using tests::scratch_database;

namespace {

constexpr domain::milliseconds lease{30'000};
constexpr std::size_t count = 8;

struct locks_fixture {
  scratch_database scratch;
  fixtures rows{scratch};
  order_store store{{.conninfo = scratch.conninfo("landfall_executor"), .application_name = "executor-1"},
                    "executor-1"};
  /// Under a lease of the store's, by id.
  std::vector<order> orders;

  locks_fixture() {
    for (std::size_t i = 0; i < count; ++i)
      rows.expire_lease(rows.order_in("ready_execute"));
    auto claimed = store.claim({count, count, count}, lease, domain::milliseconds{0});
    REQUIRE(claimed.ok());
    orders = *claimed;
    REQUIRE(orders.size() == count);
    std::ranges::sort(orders, {}, &order::id);
  }

  /// Whether nobody has a lock on the order.
  bool is_free(const order& o) const {
    return tests::sqlstate_of(*scratch.connect_as_admin(),
                              "select from price_order where id = '" + o.id.to_string() + "' for update nowait") == "";
  }

  /// While somebody else has the order of the lowest id, `work` waits for it and has locked no other.
  void waits_for_the_first_only(const std::function<bool()>& work) {
    auto other = scratch.connect_as_admin();
    pqxx::work holds{*other};
    holds.exec_params("select from price_order where id = $1 for update", orders.front().id.to_string());
    auto done = std::async(std::launch::async, work);
    while (rows.value("select count(*) from pg_stat_activity where application_name = $1 and wait_event_type = 'Lock'",
                      "executor-1") == "0")
      REQUIRE(done.wait_for(std::chrono::milliseconds{1}) == std::future_status::timeout);
    for (std::size_t i = 1; i < count; ++i)
      CHECK(is_free(orders[i]));
    holds.abort();
    CHECK(done.get());
  }
};

}  // namespace

TEST_CASE("a commit of many orders locks them in the order of their ids, whatever the order of its units") {
  locks_fixture w;
  std::vector<write_unit> units;
  for (const auto& o : w.orders)
    units.push_back(
        {o.id,
         o.order_account,
         o.lease_epoch,
         {write::transition{order_state::ready_execute, order_state::executing, "claimed", {}, {}, 1, {}}}});
  std::ranges::reverse(units);
  w.waits_for_the_first_only([&] {
    const auto committed = w.store.commit(units);
    return committed.ok() && std::ranges::none_of(*committed, [](const auto& refusal) { return refusal.has_value(); });
  });
}

TEST_CASE("a renewal locks them in the same order") {
  locks_fixture w;
  std::vector<order_store::held_lease> held;
  for (const auto& o : w.orders)
    held.push_back({o.id, o.lease_epoch});
  std::ranges::reverse(held);
  w.waits_for_the_first_only([&] {
    const auto renewed = w.store.renew(held, lease);
    return renewed.ok() && renewed->size() == count;
  });
}
