#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <unordered_map>
#include <vector>

#include "trigger-service/orders/core/watched_order.hpp"

namespace landfall::trigger {

/// The open orders of one trigger mint, ordered by price, so that a price finds the orders it crosses without reading
/// any other. An order that the price has passed already is crossed like every other.
class trigger_book {
public:
  enum class insertion : std::uint8_t { added, replaced, known };

  /// Adds an order, or replaces it where this reading is newer than the one kept. Either way it counts as seen in
  /// `pass`, a number that never falls.
  insertion insert(const watched_order& order, std::uint64_t pass);
  /// The order that was taken out, if it was there.
  std::optional<watched_order> erase(domain::order_id id);
  /// Takes out the orders last seen before `pass`; returns how many.
  std::size_t erase_unseen(std::uint64_t pass);

  /// Orders whose condition holds at `price`, `above` before `below`, each nearest to being out of the money last; at
  /// most `limit`. Orders stay in the book.
  [[nodiscard]] std::vector<domain::order_id> crossed(domain::decimal price, std::size_t limit) const;

  [[nodiscard]] const watched_order* find(domain::order_id id) const;
  [[nodiscard]] std::size_t size() const noexcept {
    return orders_.size();
  }

private:
  struct rung {
    domain::decimal price;
    domain::order_id id;
    friend auto operator<=>(const rung&, const rung&) = default;
  };
  struct entry {
    watched_order order;
    std::uint64_t seen_in = 0;
  };

  void link(const watched_order& order);
  void unlink(const watched_order& order);

  std::unordered_map<domain::order_id, entry> orders_;
  std::set<rung> above_;
  std::set<rung, std::greater<>> below_;
};

}  // namespace landfall::trigger
