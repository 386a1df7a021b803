#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "common/domain/decimal.hpp"
#include "common/domain/uuid.hpp"
#include "executor-service/verify/core/check.hpp"

/// What several endpoints' answers come to, and what follows from it.
namespace landfall::executor::verify {

/// How many endpoints gave every answer that one pass asked of them.
struct quorum {
  std::size_t answered = 0;
  std::size_t configured = 0;
  /// That have to agree.
  std::size_t needed = 0;

  /// A sentence where too few answered for anything to follow from what is found; else empty.
  [[nodiscard]] std::string shortage() const;
};

struct finding {
  finding_kind kind = finding_kind::sum_short;
  std::string subject;
  std::optional<domain::order_id> order;
  std::optional<domain::attempt_id> attempt;
  std::string detail;
  std::string expected;
  std::string observed;
  /// The latest that as many endpoints as needed have reached; the lowest of those who found it where they are fewer.
  std::uint64_t slot = 0;
  std::string endpoint;
  bool money = false;
  /// As many endpoints as needed found it.
  bool agreed = false;
};

struct settled_question {
  finding_kind kind = finding_kind::sum_short;
  std::string subject;

  friend bool operator==(const settled_question&, const settled_question&) = default;
};

/// What endpoints contradict each other about, with neither side the one that counts.
struct disputed_question {
  finding_kind kind = finding_kind::sum_short;
  std::string subject;
  std::vector<std::string> found_by;
  std::vector<std::string> right_by;
};

struct judgement {
  std::vector<finding> found;
  /// Found right by as many endpoints as needed: an open finding of that kind and subject is closed.
  std::vector<settled_question> right;
  /// Neither found nor right: nothing follows from it, but an operator has to check these endpoints.
  std::vector<disputed_question> disputed;

  void append(judgement more);
};

/// What several endpoints' answers come to. `needed`: endpoints that have to agree, two where two are configured. What
/// that many find counts against fewer who call it right; what is contradicted otherwise is neither found nor right.
/// An unknown signature counts only where enough endpoints do not know it and none shows it: endpoints forget.
[[nodiscard]] judgement judge(std::span<const std::vector<check>> answers, std::size_t needed);

struct policy {
  /// Passes at ever later slots that have to agree before the order is held, or all signing is halted.
  int passes_before_hold = 2;
  int passes_before_halt = 3;
};

/// An open finding as it stands after the pass that found it again.
struct open_finding {
  finding_kind kind = finding_kind::sum_short;
  bool money = false;
  int times_agreed = 0;
  bool held_already = false;
};

/// "rpc0, rpc1"
[[nodiscard]] std::string to_list(const std::vector<std::string>& names);

[[nodiscard]] bool wants_hold(const open_finding& f, const policy& p);
/// `accepted`: the largest shortfall of the same sum under which an operator has released a halt.
[[nodiscard]] bool wants_halt(const open_finding& f, domain::int128 shortfall, domain::int128 accepted,
                              const policy& p);

}  // namespace landfall::executor::verify
