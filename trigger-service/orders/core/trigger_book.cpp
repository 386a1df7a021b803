#include "trigger-service/orders/core/trigger_book.hpp"

#include <algorithm>

namespace landfall::trigger {

void trigger_book::link(const watched_order& order) {
  if (order.condition == domain::trigger_condition::above)
    above_.insert({order.trigger_price_usd, order.id});
  else
    below_.insert({order.trigger_price_usd, order.id});
}

void trigger_book::unlink(const watched_order& order) {
  if (order.condition == domain::trigger_condition::above)
    above_.erase({order.trigger_price_usd, order.id});
  else
    below_.erase({order.trigger_price_usd, order.id});
}

trigger_book::insertion trigger_book::insert(const watched_order& order, std::uint64_t pass) {
  const auto [at, is_new] = orders_.try_emplace(order.id, entry{order, pass});
  if (is_new) {
    link(order);
    return insertion::added;
  }
  auto& kept = at->second;
  kept.seen_in = std::max(kept.seen_in, pass);
  if (order.version_us <= kept.order.version_us)
    return insertion::known;
  unlink(kept.order);
  kept.order = order;
  link(order);
  return insertion::replaced;
}

std::optional<watched_order> trigger_book::erase(domain::order_id id) {
  const auto at = orders_.find(id);
  if (at == orders_.end())
    return std::nullopt;
  auto order = std::move(at->second.order);
  orders_.erase(at);
  unlink(order);
  return order;
}

std::size_t trigger_book::erase_unseen(std::uint64_t pass) {
  return std::erase_if(orders_, [&](const auto& item) {
    if (item.second.seen_in >= pass)
      return false;
    unlink(item.second.order);
    return true;
  });
}

std::vector<domain::order_id> trigger_book::crossed(domain::decimal price, std::size_t limit) const {
  std::vector<domain::order_id> ids;
  for (auto at = above_.begin(); at != above_.end() && at->price <= price && ids.size() < limit; ++at)
    ids.push_back(at->id);
  for (auto at = below_.begin(); at != below_.end() && at->price >= price && ids.size() < limit; ++at)
    ids.push_back(at->id);
  return ids;
}

const watched_order* trigger_book::find(domain::order_id id) const {
  const auto at = orders_.find(id);
  return at == orders_.end() ? nullptr : &at->second.order;
}

std::uint64_t trigger_book::seen_in(domain::order_id id) const {
  const auto at = orders_.find(id);
  return at == orders_.end() ? 0 : at->second.seen_in;
}

}  // namespace landfall::trigger
