#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/postgres/database.hpp"
#include "executor-service/verify/core/deposit_check.hpp"
#include "executor-service/verify/core/judgement.hpp"
#include "executor-service/verify/core/order_checks.hpp"
#include "executor-service/verify/core/sums.hpp"

namespace landfall::executor {

/// What the verifier reads and writes, under the role `landfall_verifier`; the reads alone do with any role that may
/// read.
class verify_store {
public:
  explicit verify_store(postgres::database::options opts);

  // ---- Where to look ----
  postgres::database_result<std::vector<domain::order_id>> with_findings(int limit);
  postgres::database_result<std::vector<domain::order_id>> just_landed(domain::milliseconds within, int limit);
  /// A page of the orders on their way, or of all, newest first; `after` is the last of the page before.
  postgres::database_result<std::vector<domain::order_id>> unsettled(std::optional<domain::order_id> after, int limit);
  postgres::database_result<std::vector<domain::order_id>> all(std::optional<domain::order_id> after, int limit);

  postgres::database_result<std::vector<verify::order_facts>> load(const std::vector<domain::order_id>& ids);

  // ---- What was seen ----
  struct seen_movement {
    domain::attempt_id attempt;
    verify::movement moved;
    std::string endpoint;
  };
  struct held_order {
    domain::order_id order;
    verify::finding_kind kind = verify::finding_kind::sum_short;
    std::string reason;
  };
  struct opened_finding {
    verify::finding_kind kind = verify::finding_kind::sum_short;
    std::string subject;
  };
  struct recorded {
    /// Found for the first time.
    std::vector<opened_finding> opened;
    std::vector<opened_finding> closed;
    /// Held now because of what was found.
    std::vector<held_order> held;
  };
  /// All of a look in one commit.
  postgres::database_result<recorded> record(const verify::judgement& look, const std::vector<seen_movement>& movements,
                                             const verify::policy& policy);

  // ---- Deposits that no order was made of ----
  /// A page of them, newest first; `after` is the last of the page before.
  postgres::database_result<std::vector<verify::unclaimed_deposit>> unclaimed_deposits(
      std::optional<domain::deposit_request_id> after, int limit);
  /// Subjects of open findings about one that an order was made of since.
  postgres::database_result<std::vector<std::string>> claimed_since();

  // ---- Sums ----
  postgres::database_result<std::vector<verify::booked_account>> booked_accounts(std::size_t limit);
  postgres::database_result<std::vector<std::string>> open_sums();

  struct sum_finding {
    verify::finding what;
    solana::pubkey mint;
    verify::side of = verify::side::input;
    domain::int128 shortfall = 0;
  };
  struct recorded_sums {
    recorded findings;
    /// Reasons of the halts raised now; with one in force none is.
    std::vector<std::string> halts;
  };
  postgres::database_result<recorded_sums> record_sums(const std::vector<sum_finding>& found,
                                                       const std::vector<verify::settled_question>& right,
                                                       const std::string& instance, const verify::policy& policy);

  struct standing {
    long long money = 0;
    long long others = 0;
    bool halted = false;
  };
  postgres::database_result<standing> now_open();

private:
  struct open_row {
    std::string id;
    verify::open_finding state;
    std::optional<domain::order_id> order;
    std::string subject;
    int times_seen = 0;
  };
  std::vector<open_row> upsert(postgres::transaction& t, const std::vector<verify::finding>& found);
  void close(postgres::transaction& t, const std::vector<verify::settled_question>& right, recorded& out);
  void hold(postgres::transaction& t, const std::vector<open_row>& rows, const verify::policy& policy, recorded& out);

  postgres::database db_;
};

}  // namespace landfall::executor
