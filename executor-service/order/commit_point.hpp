#pragma once

#include <algorithm>
#include <vector>

#include "common/fault/fault_point.hpp"
#include "executor-service/order/core/order.hpp"
#include "executor-service/order/core/order_write.hpp"

namespace landfall::executor {

/// The fault point of a commit of these writes, named after the most important write.
inline fault::point commit_point(const order& o, const std::vector<order_write>& writes) {
  using fault::effect;
  const auto kind_of = [&](const domain::attempt_id& id) {
    const auto found = std::find_if(o.attempts.begin(), o.attempts.end(), [&](const attempt& a) { return a.id == id; });
    return found == o.attempts.end() ? std::string_view{} : to_string(found->kind);
  };
  fault::point at{effect::commit_release};
  for (const auto& w : writes) {
    if (const auto* stored = std::get_if<write::insert_attempt>(&w))
      return {effect::commit_attempt, to_string(stored->what.kind)};
    if (const auto* resolved = std::get_if<write::resolve>(&w))
      return {effect::commit_outcome, kind_of(resolved->attempt)};
    if (const auto* confirmed = std::get_if<write::confirm>(&w))
      at = {effect::commit_confirmation, kind_of(confirmed->attempt)};
    else if (const auto* marked = std::get_if<write::mark_broadcast>(&w))
      at = {effect::commit_broadcast_note, kind_of(marked->attempt)};
    else if (const auto* changed = std::get_if<write::transition>(&w);
             changed != nullptr && at.what == effect::commit_release)
      at = {effect::commit_move, to_string(changed->to)};
  }
  return at;
}

}  // namespace landfall::executor
