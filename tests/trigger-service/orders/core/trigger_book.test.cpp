#include "trigger-service/orders/core/trigger_book.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <random>

#include "tests/trigger-service/samples.hpp"

using namespace landfall;
using namespace landfall::trigger;
using namespace landfall::trigger::tests;

namespace {

constexpr std::size_t no_limit = 1'000'000;

std::vector<domain::order_id> sorted(std::vector<domain::order_id> ids) {
  std::sort(ids.begin(), ids.end());
  return ids;
}

/// The book as a plain list: what it should do, without any order.
class naive_book {
public:
  void insert(const watched_order& order, std::uint64_t pass) {
    auto& kept = orders_.try_emplace(order.id, std::pair{order, pass}).first->second;
    kept.second = std::max(kept.second, pass);
    if (order.version_us > kept.first.version_us)
      kept.first = order;
  }
  void erase(domain::order_id id) {
    orders_.erase(id);
  }
  void erase_unseen(std::uint64_t pass) {
    std::erase_if(orders_, [&](const auto& item) { return item.second.second < pass; });
  }
  [[nodiscard]] std::vector<domain::order_id> crossed(domain::decimal price) const {
    std::vector<domain::order_id> ids;
    for (const auto& [id, kept] : orders_)
      if (holds(kept.first.condition, price, kept.first.trigger_price_usd))
        ids.push_back(id);
    return ids;
  }
  [[nodiscard]] std::size_t size() const {
    return orders_.size();
  }

private:
  std::map<domain::order_id, std::pair<watched_order, std::uint64_t>> orders_;
};

std::uint64_t seed_of_this_run() {
  const char* given = std::getenv("LANDFALL_TEST_SEED");
  return given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device{}();
}

}  // namespace

TEST_SUITE("trigger-service/orders/core/trigger_book") {
  TEST_CASE("an order above is crossed at its price and beyond, not before") {
    trigger_book book;
    book.insert(sample_order(1, domain::trigger_condition::above, "200"), 1);
    CHECK(book.crossed(usd("199.999999999999999999"), no_limit).empty());
    CHECK(book.crossed(usd("200"), no_limit) == std::vector{order_number(1)});
    CHECK(book.crossed(usd("300"), no_limit) == std::vector{order_number(1)});
  }

  TEST_CASE("an order below is crossed at its price and beyond, not before") {
    trigger_book book;
    book.insert(sample_order(1, domain::trigger_condition::below, "200"), 1);
    CHECK(book.crossed(usd("200.000000000000000001"), no_limit).empty());
    CHECK(book.crossed(usd("200"), no_limit) == std::vector{order_number(1)});
    CHECK(book.crossed(usd("100"), no_limit) == std::vector{order_number(1)});
  }

  TEST_CASE("an order that is in the money already is crossed by the first price") {
    trigger_book book;
    book.insert(sample_order(1, domain::trigger_condition::above, "1"), 1);
    book.insert(sample_order(2, domain::trigger_condition::below, "1000"), 1);
    CHECK(sorted(book.crossed(usd("200"), no_limit)) == std::vector{order_number(1), order_number(2)});
  }

  TEST_CASE("orders at the same price are all crossed") {
    trigger_book book;
    for (unsigned n = 1; n <= 5; ++n)
      book.insert(sample_order(n, domain::trigger_condition::above, "200"), 1);
    CHECK(book.crossed(usd("200"), no_limit).size() == 5);
    CHECK(book.crossed(usd("200"), 3).size() == 3);
  }

  TEST_CASE("a newer reading replaces the terms and an older one does not") {
    trigger_book book;
    auto order = sample_order(1, domain::trigger_condition::above, "200");
    order.version_us = 5;
    CHECK(book.insert(order, 1) == trigger_book::insertion::added);
    auto newer = order;
    newer.version_us = 6;
    newer.condition = domain::trigger_condition::below;
    newer.trigger_price_usd = usd("100");
    CHECK(book.insert(newer, 1) == trigger_book::insertion::replaced);
    CHECK(book.insert(order, 1) == trigger_book::insertion::known);
    CHECK(book.crossed(usd("250"), no_limit).empty());
    CHECK(book.crossed(usd("100"), no_limit).size() == 1);
    CHECK(book.size() == 1);
  }

  TEST_CASE("an order that was not seen again is taken out, and one that was stays") {
    trigger_book book;
    book.insert(sample_order(1, domain::trigger_condition::above, "200"), 1);
    book.insert(sample_order(2, domain::trigger_condition::above, "200"), 1);
    book.insert(sample_order(2, domain::trigger_condition::above, "200"), 2);
    CHECK(book.erase_unseen(2) == 1);
    CHECK(book.find(order_number(1)) == nullptr);
    CHECK(book.crossed(usd("200"), no_limit) == std::vector{order_number(2)});
  }

  TEST_CASE("the book agrees with a plain list over any sequence of changes") {
    const auto seed = seed_of_this_run();
    INFO("LANDFALL_TEST_SEED=", seed);
    std::mt19937_64 random{seed};
    const auto below = [&](std::uint64_t n) { return random() % n; };
    trigger_book book;
    naive_book model;
    std::uint64_t pass = 1;
    for (int step = 0; step < 20'000; ++step) {
      switch (below(8)) {
        case 0:
        case 1:
        case 2:
        case 3: {
          auto order = sample_order(static_cast<unsigned>(below(200)), domain::trigger_condition::above, "1");
          order.condition = below(2) == 0 ? domain::trigger_condition::above : domain::trigger_condition::below;
          order.trigger_price_usd = domain::decimal::from_scaled(static_cast<domain::int128>(1 + below(50)));
          order.version_us = static_cast<std::int64_t>(below(1000));
          book.insert(order, pass);
          model.insert(order, pass);
          break;
        }
        case 4: {
          const auto id = order_number(static_cast<unsigned>(below(200)));
          book.erase(id);
          model.erase(id);
          break;
        }
        case 5:
          if (below(50) == 0) {
            book.erase_unseen(pass);
            model.erase_unseen(pass);
            ++pass;
          }
          break;
        default: {
          const auto price = domain::decimal::from_scaled(static_cast<domain::int128>(below(60)));
          REQUIRE(sorted(book.crossed(price, no_limit)) == model.crossed(price));
        }
      }
      REQUIRE(book.size() == model.size());
    }
  }
}
