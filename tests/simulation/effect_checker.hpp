#pragma once

#include <optional>
#include <string_view>

#include "executor-service/order/core/engine.hpp"
#include "tests/simulation/agenda.hpp"

namespace landfall::simulation {

/// Holds one engine's effects against the rules that neither the database nor the chain would show broken.
class effect_checker {
public:
  explicit effect_checker(const executor::engine_policy& policy) : policy_(policy) {}

  /// Before the engine gets the event.
  void begins(const executor::order_event& e);
  /// `now` by the process's clock, `at` in truth.
  void sees(const executor::order_effect& e, domain::utc_time now, instant at);
  /// After all effects of the event.
  void ends(domain::utc_time now);

  /// The first rule that was broken, or empty.
  [[nodiscard]] std::string_view broken() const {
    return broken_;
  }

private:
  void fail(std::string_view rule);
  void answered(const executor::events::committed& e);
  void sees_commit(const executor::effects::commit& e);
  void sees_task();
  void sees_sent(const executor::attempt& a, instant at);

  const executor::engine_policy& policy_;
  std::string_view broken_;
  /// A commit, a read or a build is unanswered.
  bool task_open_ = false;
  /// A commit waits to be made again.
  bool repeat_due_ = false;
  bool permit_ = false;
  bool on_its_way_ = false;
  bool stopping_ = false;
  bool signed_since_stop_ = false;
  bool in_doubt_ = false;
  bool refused_ = false;

  std::optional<executor::attempt> sent_;
  instant sent_at_ = 0;
  domain::utc_time watched_since_{};
  // Of the present event.
  bool tick_ = false;
  bool repeats_ = false;
  bool sends_ = false;
  bool watches_ = false;
  bool rolled_back_ = false;
};

}  // namespace landfall::simulation
