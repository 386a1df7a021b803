#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <pqxx/pqxx>
#include <string>
#include <string_view>
#include <vector>

#include "common/postgres/database.hpp"
#include "executor-service/order/order_store.hpp"
#include "tests/simulation/world.hpp"
#include "tests/support/fixtures.hpp"
#include "trigger-service/orders/decision_store.hpp"

namespace landfall::simulation {

/// Does in PostgreSQL whatever a simulated world does in its database, at the same time, under the role whose work it
/// is and through the statements that the services use, and compares what comes of it. The rules' clock, and the clock
/// of the statements, is the simulated one.
class postgres_replay final : public call_observer {
public:
  explicit postgres_replay(tests::scratch_database& scratch);

  /// Runs one schedule here and there, hostile writes among the executors'. Returns the first difference, or "".
  std::string run(std::uint64_t seed, bool telling);

  /// How often each verdict was given, by both: a SQLSTATE, or the name of what was done.
  [[nodiscard]] const std::map<std::string, std::uint64_t>& verdicts() const {
    return verdicts_;
  }

  void created(const stored_order& o) override;
  void committed(const write_unit& unit, const commit_result& result) override;
  void claimed(int holder, std::int64_t lease_ms, std::int64_t expiry_grace_ms,
               const std::vector<std::size_t>& orders) override;
  void renewed(std::size_t order, std::uint64_t epoch, int holder, std::int64_t lease_ms, bool done) override;
  void deposited(std::size_t order, const executor::attempt& deposit, const commit_result& result) override;
  void opened(std::size_t order, std::uint64_t slot, const commit_result& result) override;
  void decided(std::size_t order, domain::order_state to, bool done) override;
  void held(std::size_t order, bool on) override;

private:
  void replace_clocks();
  void empty_tables();
  void set_clock();
  void set_clock(instant now);
  /// Counts the verdict, or keeps the difference.
  void compare(std::size_t order, std::string_view what, std::string_view simulated, const std::string& in_postgres);
  void compare_row(const executor::order& row);
  /// Commits the unit in PostgreSQL and compares with what became of it here.
  void commit(const write_unit& unit, const commit_result& result, const std::string& what);
  void attack(const write_unit& last);
  [[nodiscard]] bool at_a_boundary() const;
  [[nodiscard]] const stored_order& order(std::size_t number) const {
    return world_->database.orders()[number];
  }
  executor::order_store& executor_of(int holder) {
    return *executors_[static_cast<std::size_t>(holder)];
  }

  tests::fixtures rows_;
  std::vector<std::unique_ptr<executor::order_store>> executors_;
  trigger::decision_store trigger_;
  postgres::database api_;
  postgres::database verifier_;
  postgres::database operator_;
  pqxx::nontransaction admin_;

  world* world_ = nullptr;
  random dice_{0};
  instant clock_ = 0;
  std::uint64_t idle_claims_ = 0;
  std::string difference_;
  std::map<std::string, std::uint64_t> verdicts_;
};

}  // namespace landfall::simulation
