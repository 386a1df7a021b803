#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "common/domain/uuid.hpp"
#include "executor-service/verify/core/finding_kind.hpp"

namespace landfall::executor::verify {

/// What one endpoint's answer means for one question.
enum class check_result : std::uint8_t {
  /// Stored and chain disagree.
  found,
  /// They agree.
  right,
  /// Nothing contradicts what is stored: enough to close a finding, not enough to dispute one.
  not_seen,
  /// In flight, or this endpoint cannot answer.
  unknown,
};

/// One question about one subject, as one endpoint answers it.
struct check {
  finding_kind kind = finding_kind::sum_short;
  /// An order, an attempt, a deposit request, or mint and side.
  std::string subject;
  std::optional<domain::order_id> order;
  std::optional<domain::attempt_id> attempt;
  check_result is = check_result::unknown;
  std::string detail;
  std::string expected;
  std::string observed;
  std::uint64_t slot = 0;
  std::string endpoint;
  bool money = false;
};

/// `known`: the endpoint's answers are enough; `bad`: they disagree with what is stored.
[[nodiscard]] constexpr check_result result_of(bool known, bool bad) {
  if (!known)
    return check_result::unknown;
  return bad ? check_result::found : check_result::right;
}

}  // namespace landfall::executor::verify
