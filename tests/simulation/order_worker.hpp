#pragma once

#include <array>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "executor-service/core/consequence.hpp"
#include "tests/simulation/builder.hpp"
#include "tests/simulation/chain.hpp"
#include "tests/simulation/world.hpp"

namespace landfall::simulation {

class process;

/// Performs what the pure cores decide for one order, effect by effect as `order.cpp` and `attempt_watch.cpp` in
/// `executor-service/actors` do.
class order_worker {
public:
  order_worker(process& home, const stored_order& loaded, std::uint64_t serial);

  void proceed();
  void on_observed(std::size_t transaction, const executor::observation& seen);
  void on_history(std::size_t transaction, const executor::observation& seen);
  void on_maker_said(std::size_t transaction, bool accepted);
  void on_stop();
  void on_committed(const commit_result& result, std::vector<executor::order_write> writes, bool leave);

  [[nodiscard]] std::uint64_t serial() const {
    return serial_;
  }
  [[nodiscard]] std::size_t number() const {
    return number_;
  }
  [[nodiscard]] std::uint64_t epoch() const {
    return o_.lease_epoch;
  }
  [[nodiscard]] bool ended() const {
    return ended_;
  }
  void end() {
    ended_ = true;
  }
  /// The transaction whose status is asked for at this endpoint.
  [[nodiscard]] std::optional<std::size_t> watches(std::size_t endpoint) const;

private:
  /// What an answer is to; there is never more than one under way.
  enum class question { deposit, swap_record, fee, balance };

  void perform(const executor::step::release& s);
  void perform(const executor::step::move& s);
  void perform(const executor::step::resolve& s);
  void perform(const executor::step::check_deposit&);
  void perform(const executor::step::build& s);
  void perform(const executor::step::validate_swap& s);

  void ask(question what);
  void on_answer(question what);
  void on_deposit_read();
  void on_swap_record();
  void on_balance();

  void on_built(const executor::built::ready& ready);
  void on_built(const executor::built::refused& refused);
  void on_built(const executor::built::later& later);
  void on_built(const executor::built::nothing&);

  // Resolving.
  void start_watching(const domain::attempt_id& id);
  void watch(const executor::attempt& a);
  void stop_watching();
  void send_stored(const executor::attempt& a);
  void consider();
  [[nodiscard]] executor::resolve_policy policy() const;
  [[nodiscard]] executor::resolution judge(const executor::attempt& a) const;
  void conclude();

  void schedule(std::int64_t delay);
  void on_tick(std::uint64_t round);
  void pause(std::string_view why);
  void write_down(executor::consequence c);
  void give_back(domain::utc_time until);
  void store(std::vector<executor::order_write> writes, bool leave);
  void after_commit();

  process& home_;
  world& w_;
  executor::order o_;
  std::size_t number_;
  std::uint64_t serial_;
  bool ended_ = false;

  std::optional<domain::attempt_id> watched_;
  domain::utc_time since_{};
  std::size_t watched_transaction_ = 0;
  bool by_maker_watched_ = false;
  std::array<bool, max_endpoints> told_final_{};
  executor::observation_set seen_;
  bool busy_ = false;
  bool stopping_ = false;
  bool sent_ = false;
  std::uint64_t round_ = 0;
  int pauses_ = 0;

  std::optional<world::account_answer> account_;
  std::optional<landing> record_;
  bool record_answered_ = false;
  executor::resolution proven_;
  executor::attempt_kind building_ = executor::attempt_kind::swap;
  simulated_builder builder_;
  std::vector<executor::order_write> repeated_;
  bool repeated_leave_ = false;
};

/// What a broken rule makes of a view of the chain; nothing where the rule is kept.
[[nodiscard]] std::optional<executor::resolution> judged_wrongly(mutant broken, const executor::attempt& a,
                                                                 const executor::observation_set& seen,
                                                                 const executor::resolve_policy& policy,
                                                                 domain::utc_time now);
/// The same of what a market maker says, at a slot.
[[nodiscard]] std::optional<executor::resolution> believed(mutant broken, const executor::attempt& a,
                                                           const executor::observation_set& seen,
                                                           const executor::resolve_policy& policy, bool accepted,
                                                           std::uint64_t slot);
/// What a broken rule makes of an answer.
void misread(mutant broken, executor::observation& seen);

}  // namespace landfall::simulation
