#pragma once

#include <string>

#include "tests/simulation/chain.hpp"
#include "tests/simulation/database.hpp"

namespace landfall::simulation {

/// The invariants, held against what is really on the chain: no endpoint, no clock of an instance stands between.
class checker : public write_observer {
public:
  checker(const chain& truth, const agenda& time) : truth_(truth), time_(time) {}

  // While it runs.
  void makes_transition(const stored_order& o, domain::order_state to, domain::role by, std::uint64_t epoch) override;
  void inserts(const stored_order& o, const executor::attempt& a, std::uint64_t epoch) override;
  void resolves(const stored_order& o, const executor::attempt& a, const executor::write::resolve& w,
                std::uint64_t epoch) override;
  void confirms(const stored_order& o, const executor::attempt& a) override;
  void leaves_process(const stored_order& o, std::size_t transaction);

  /// Once nothing that was signed can land any more.
  void ends(const stored_order& o, const bank_account& at_first);
  /// Time is up.
  void never_ends(const stored_order& o);

  /// The first rule that was broken, or empty.
  [[nodiscard]] const std::string& broken() const {
    return broken_;
  }
  /// What was broken is only that an order never ended.
  [[nodiscard]] bool stuck() const {
    return stuck_;
  }
  void fail(const stored_order& o, const std::string& what);

private:
  void builds(const stored_order& o, const executor::attempt& a, const sim_transaction& t);
  void under_lease(const stored_order& o, std::uint64_t epoch, const char* what, bool in_force);

  const chain& truth_;
  const agenda& time_;
  std::string broken_;
  bool stuck_ = false;
};

/// Whether nothing is left to do for the order.
[[nodiscard]] bool at_end(const stored_order& o);

}  // namespace landfall::simulation
