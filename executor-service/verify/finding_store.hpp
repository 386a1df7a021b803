#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/postgres/database.hpp"
#include "executor-service/verify/core/judgement.hpp"
#include "executor-service/verify/core/order_comparison.hpp"
#include "executor-service/verify/core/sums.hpp"

namespace landfall::executor::verify {

struct held_order {
  domain::order_id order;
  std::string reason;
};

/// What one commit changed.
struct recorded_findings {
  /// Found for the first time.
  std::vector<settled_question> opened;
  std::vector<settled_question> closed;
  /// Held now because of what was found.
  std::vector<held_order> held;
  /// Reasons of the halts raised now; while one is in force no other is raised.
  std::vector<std::string> halts;
};

/// Findings that are open now.
struct open_counts {
  long long money = 0;
  long long others = 0;
  bool halted = false;
};

/// Writes movements, findings, holds and halts, under the role `landfall_verifier`.
class finding_store {
public:
  finding_store(postgres::database& db, std::string instance, policy rules)
      : db_(db), instance_(std::move(instance)), rules_(rules) {}

  /// All of a pass over orders or deposits in one commit.
  postgres::database_result<recorded_findings> record(const judgement& judged,
                                                      const std::vector<seen_movement>& movements);
  /// All of a pass over the sums in one commit.
  postgres::database_result<recorded_findings> record_sums(const std::vector<sum_finding>& found,
                                                           const std::vector<settled_question>& right);

  /// Subjects of open findings about a deposit that an order was made of since.
  postgres::database_result<std::vector<std::string>> claimed_deposits();
  postgres::database_result<open_counts> count_open();

private:
  struct open_row {
    std::string id;
    open_finding state;
    std::optional<domain::order_id> order;
    std::string subject;
    int times_seen = 0;
  };
  std::vector<open_row> upsert(postgres::transaction& t, const std::vector<finding>& found, recorded_findings& out);
  void close(postgres::transaction& t, const std::vector<settled_question>& right, recorded_findings& out);
  void hold(postgres::transaction& t, const open_row& row, recorded_findings& out);
  void halt(postgres::transaction& t, const open_row& row, const sum_finding& f, recorded_findings& out);

  postgres::database& db_;
  std::string instance_;
  policy rules_;
};

}  // namespace landfall::executor::verify
