#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/postgres/database.hpp"
#include "trigger-service/orders/core/decision.hpp"

namespace landfall::trigger {

/// What became of a decision that was written.
enum class write_outcome : std::uint8_t {
  /// Durable: the transition was made and its evidence is stored, now or by an earlier write of the same decision.
  applied,
  /// The order is not open, is held, or has other terms now. Nothing was written.
  not_applied,
  /// The database refuses this decision whatever its order's state: a defect. Nothing was written.
  refused,
};
struct written_decision {
  write_outcome outcome = write_outcome::not_applied;
  /// Why it was refused.
  std::string error;
};

/// Where decisions become durable.
class decision_sink {
public:
  virtual ~decision_sink() = default;
  /// One outcome for each decision, in their order. After an error any of them may or may not have been written;
  /// writing the same decisions again is safe whatever the error was, `in_doubt` included.
  [[nodiscard]] virtual postgres::database_result<std::vector<written_decision>> write(
      const std::vector<decision>& decisions) = 0;
};

/// Writes to PostgreSQL as role landfall_trigger, a batch in one statement. Blocking; one thread.
class decision_store final : public decision_sink {
public:
  decision_store(postgres::database::options opts, std::string instance);

  [[nodiscard]] postgres::database_result<std::vector<written_decision>> write(
      const std::vector<decision>& decisions) override;

private:
  [[nodiscard]] postgres::database_result<std::vector<written_decision>> write_together(
      const std::vector<decision>& decisions);

  postgres::database db_;
  std::string instance_;
};

}  // namespace landfall::trigger
