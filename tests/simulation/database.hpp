#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "executor-service/order/core/order_write.hpp"
#include "tests/simulation/agenda.hpp"
#include "tests/simulation/mutants.hpp"

namespace landfall::simulation {

/// One row of `price_order` with its attempts. `lease_until` 0 means no lease.
struct stored_order {
  executor::order row;
  std::size_t number = 0;
  instant next_attempt_at = 0;
  instant lease_until = 0;
  int lease_holder = -1;
  bool held = false;
  /// Attempts whose first broadcast is stored.
  std::vector<domain::attempt_id> broadcast;
};

enum class commit_status { done, constraint, unavailable, in_doubt };

struct commit_result {
  commit_status what = commit_status::done;
  std::string_view sqlstate;
  std::string_view why;
};

struct write_unit {
  std::size_t order = 0;
  std::uint64_t lease_epoch = 0;
  std::vector<executor::order_write> writes;
};

/// Notified of everything that becomes durable, while the rows still show what was before.
class write_observer {
public:
  virtual ~write_observer() = default;
  virtual void makes_transition(const stored_order& o, domain::order_state to, domain::role by,
                                std::uint64_t epoch) = 0;
  virtual void inserts(const stored_order& o, const executor::attempt& a, std::uint64_t epoch) = 0;
  virtual void resolves(const stored_order& o, const executor::attempt& a, const executor::write::resolve& w,
                        std::uint64_t epoch) = 0;
  virtual void confirms(const stored_order& o, const executor::attempt& a) = 0;
};

/// Notified of every call that may write, after it, and of what came of it.
class call_observer {
public:
  virtual ~call_observer() = default;
  virtual void created(const stored_order& o) = 0;
  virtual void committed(const write_unit& unit, const commit_result& result) = 0;
  /// `orders` are the numbers of those that were claimed.
  virtual void claimed(int holder, std::int64_t lease_ms, std::int64_t expiry_grace_ms,
                       const std::vector<std::size_t>& orders) = 0;
  virtual void renewed(std::size_t order, std::uint64_t epoch, int holder, std::int64_t lease_ms, bool done) = 0;
  virtual void deposited(std::size_t order, const executor::attempt& deposit, const commit_result& result) = 0;
  virtual void opened(std::size_t order, std::uint64_t slot, const commit_result& result) = 0;
  virtual void decided(std::size_t order, domain::order_state to, bool done) = 0;
  virtual void held(std::size_t order, bool on) = 0;
};

/// The rows, and the rules that PostgreSQL keeps for them (migrations/) as far as the executor meets them. The suite
/// `replay` holds every verdict against PostgreSQL's own.
class database {
public:
  database(mutant broken, write_observer& observer) : broken_(broken), observer_(observer) {}

  std::vector<stored_order>& orders() {
    return orders_;
  }
  [[nodiscard]] const std::vector<stored_order>& orders() const {
    return orders_;
  }

  /// From now on it is notified of every call.
  void tell_calls_to(call_observer& calls) {
    calls_ = &calls;
  }

  void create(stored_order o);
  /// All writes of a unit or none.
  commit_result commit(const write_unit& unit, instant now);
  /// Appends the numbers of the orders that were claimed.
  void claim(int holder, instant now, std::int64_t lease_ms, std::int64_t expiry_grace_ms,
             std::vector<std::size_t>& claimed);
  bool renew(std::size_t order, std::uint64_t epoch, int holder, instant now, std::int64_t lease_ms);

  // The other services, each as its role.
  /// The api stores the user's signed deposit.
  commit_result store_deposit(std::size_t order, const executor::attempt& deposit);
  /// The api saw the deposit confirmed and opens the order.
  commit_result open_order(std::size_t order, std::uint64_t slot, instant now);
  /// The trigger service decides. False if the order is not its to decide on.
  bool decide(std::size_t order, domain::order_state to, instant now);
  /// The verifier sets a hold, an operator clears it.
  void hold(std::size_t order, bool on);

private:
  commit_result write_all(stored_order& o, const write_unit& unit, instant now);
  commit_result write_open(stored_order& o, std::uint64_t slot, instant now);
  bool write_decision(stored_order& o, domain::order_state to, instant now);
  bool write_renewal(stored_order& o, std::uint64_t epoch, int holder, instant now, std::int64_t lease_ms);
  commit_result write(stored_order& o, std::uint64_t epoch, const executor::order_write& w, instant now);
  commit_result make_transition(stored_order& o, std::uint64_t epoch, const executor::write::transition& w,
                                instant now);
  commit_result insert(stored_order& o, std::uint64_t epoch, const executor::write::insert_attempt& w, instant now);
  commit_result resolve(stored_order& o, std::uint64_t epoch, const executor::write::resolve& w);
  [[nodiscard]] bool is(mutant m) const {
    return broken_ == m;
  }
  [[nodiscard]] bool stale(const stored_order& o, std::uint64_t epoch) const {
    return epoch != o.row.lease_epoch && !is(mutant::lease_epoch_ignored);
  }
  [[nodiscard]] bool unleased(const stored_order& o, instant now) const {
    return (o.lease_until == 0 || o.lease_until <= now) && !is(mutant::lease_end_ignored);
  }

  mutant broken_;
  write_observer& observer_;
  call_observer* calls_ = nullptr;
  std::vector<stored_order> orders_;
};

/// What the transition lacks in what is stored, or empty: the rule `missing_precondition`.
[[nodiscard]] std::string_view missing_precondition(const stored_order& o, domain::order_state to, domain::role by,
                                                    instant now);
/// Why the certificate does not prove the attempt dead, or empty: the rule `certificate_fault`.
[[nodiscard]] std::string_view certificate_fault(const executor::attempt& dead, std::string_view certificate);

}  // namespace landfall::simulation
