#pragma once

#include <functional>
#include <string>
#include <vector>

#include "tests/support/fixtures.hpp"

namespace landfall::tests {

/// One attempt to break a rule with plain SQL, and the proof that only the rule stands in its way.
struct attack {
  /// A sentence: what the attacker tries.
  std::string name;
  /// The state of the order it is tried on.
  std::string state;
  std::string role;
  /// Statements under the role. :id :account :request :wallet :vault are the order's, :deposit :swap :payout :refund
  /// the newest attempts on its account, :evidence the newest evidence of it; all quoted.
  std::string sql;
  /// The exact SQLSTATE it is refused with.
  std::string refused;
  /// What the superuser does to take the rule away. Then the same statements go through.
  std::string mutation;
  /// Done before the attack.
  std::function<void(fixtures&, const order_fixture&)> given = {};
};

/// SQL that replaces a part of a function's body; fails if the part is not there.
[[nodiscard]] std::string edit_function(const std::string& function, const std::string& part,
                                        const std::string& replacement);
[[nodiscard]] std::string bind_names(fixtures& rows, const order_fixture& order, const std::string& sql);

/// Runs each attack in a database of its own: it must be refused with its SQLSTATE and change nothing; with the rule
/// taken away it must go through.
void withstand(const std::vector<attack>& attacks);

}  // namespace landfall::tests
