#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "executor-service/order/core/consequence.hpp"
#include "executor-service/order/core/effect.hpp"
#include "executor-service/order/core/event.hpp"
#include "executor-service/order/core/resolution.hpp"
#include "executor-service/order/core/transition.hpp"

namespace landfall::executor {

/// Bounds of an order's engine. Times in milliseconds.
struct engine_policy {
  step_policy steps;
  resolve_policy resolution;
  /// Stored bytes are broadcast again this often until something is seen of them.
  domain::milliseconds rebroadcast{1'000};
  /// How long an overdue attempt is polled per claim before its lease is released.
  domain::milliseconds overdue_polling{20'000};
  /// Wait before an unanswered request is repeated.
  domain::milliseconds pause{1'000};
};

/// Decides everything for one order under one lease, and does nothing itself: no clock, no I/O, no randomness. The same
/// events at the same times give the same effects, in production and in the simulation.
///
/// It asks `next_step` what to do, emits it and its commit, and asks again; it ends when nothing is to be done now,
/// when a write was refused or is in doubt, or on `events::stop`.
class order_engine {
public:
  /// `policy` has to outlive the engine.
  order_engine(order o, const engine_policy& policy) : o_(std::move(o)), policy_(policy) {}

  /// Handles one event and returns what to do. Empty once `effects::finish` was returned.
  [[nodiscard]] std::vector<order_effect> on(const order_event& event, domain::utc_time now);

  /// The order as it is stored, as far as this lease's holder knows.
  [[nodiscard]] const order& current() const {
    return o_;
  }
  /// The stored attempt that is watched until its outcome is proven; null if none is.
  [[nodiscard]] const attempt* watched() const {
    return watch_ ? o_.find(watch_->attempt) : nullptr;
  }

private:
  /// What has not been answered yet; meanwhile nothing else is begun.
  enum class task : std::uint8_t { none, permit, build, deposit, swap_record, balance, fee, commit };

  /// What is known of the watched attempt since it is watched.
  struct attempt_watch {
    domain::attempt_id attempt;
    domain::utc_time since{};
    observation_set seen;
    /// When this process first sent it.
    std::optional<domain::utc_time> sent_at;
    /// That is written, or on its way to be.
    bool sent_marked = false;
    bool overdue_logged = false;
    bool refused = false;
    /// Proven, while the fee that belongs to it is being read.
    resolution proven;
  };

  void handle(const events::started&);
  void handle(const events::stop&);
  void handle(const events::tick& e);
  void handle(const events::commit_retry&);
  void handle(const events::observed& e);
  void handle(const events::history_observed& e);
  void handle(const events::watch_refused& e);
  void handle(const events::balance_read& e);
  void handle(const events::swap_read& e);
  void handle(const events::fee_read& e);
  void handle(const events::unanswered& e);
  void handle(const events::permit_granted&);
  void handle(const events::permit_failed& e);
  void handle(const events::built& e);
  void handle(const events::build_failed& e);
  void handle(const events::submitted&);
  void handle(const events::committed& e);
  void handle(const events::commit_lost& e);
  void handle(const events::broadcast_marked& e);

  void proceed();
  void perform(const step::release& s);
  void perform(const step::transition& s);
  void perform(const step::resolve& s);
  void perform(const step::check_deposit&);
  void perform(const step::build& s);
  void perform(const step::validate_swap& s);

  void release_permit();
  void on_built(attempt_kind kind, const built::ready& ready);
  void on_built(attempt_kind kind, const built::refused& refused);
  void on_built(attempt_kind kind, const built::later& later);
  void on_built(attempt_kind kind, const built::nothing&);
  void on_deposit(const balance_observation& seen);

  // engine_watch.cpp: finding out what became of a stored attempt
  void start_watching(const domain::attempt_id& id);
  void stop_watching();
  void watch(const attempt& a);
  void send_stored();
  void add(const observation& seen);
  void consider();
  void after_read();
  void conclude(const resolution& proven, std::optional<std::uint64_t> fee_lamports);
  void log_proven(const resolution& proven);
  [[nodiscard]] std::optional<domain::utc_time> rest_until() const;
  [[nodiscard]] bool abandoned() const;

  // engine_commit.cpp
  void commit(std::vector<order_write> writes, bool leave);
  void commit(consequence c);
  void on_committed();
  void on_refused(const commit_error& e);
  void release(domain::utc_time until);

  void schedule(domain::milliseconds delay);
  void pause(std::string reason, std::string detail);
  void finish();
  void begin(task what, order_effect effect);
  /// True if the answer to `what` was awaited; it is not any more.
  bool ends(task what);
  void log(effects::notice::kind what, std::string why = {}, std::string detail = {});
  [[nodiscard]] bool busy() const {
    return task_ != task::none;
  }

  order o_;
  const engine_policy& policy_;
  std::optional<attempt_watch> watch_;
  task task_ = task::none;
  bool stopping_ = false;
  bool finished_ = false;
  bool permit_ = false;
  std::uint64_t round_ = 0;
  int pauses_ = 0;
  attempt_kind building_ = attempt_kind::swap;
  domain::attempt_id validating_;
  /// The commit that is under way, to be applied or repeated.
  std::vector<order_write> writes_;
  bool leave_ = false;

  // While an event is handled.
  domain::utc_time now_{};
  std::vector<order_effect> effects_;
};

}  // namespace landfall::executor
