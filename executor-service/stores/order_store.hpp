#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "common/postgres/database.hpp"
#include "executor-service/core/order.hpp"

namespace landfall::executor {

/// The writes of the executor, as values: a unit of them is one all-or-nothing piece of a commit.
namespace write {

/// The state has to be `from` still, or the whole unit is refused.
struct move {
  domain::order_state from;
  domain::order_state to;
  std::string reason;
  std::string detail;
  std::optional<domain::attempt_id> attempt;
  int tries = 0;
  domain::milliseconds retry_after{0};
};
struct insert_attempt {
  attempt what;
  /// JSON of the router's quote, or empty.
  std::string quote;
};
struct note_broadcast {
  domain::attempt_id attempt;
  domain::utc_time at;
};
struct confirm {
  domain::attempt_id attempt;
  std::uint64_t slot;
};
struct unconfirm {
  domain::attempt_id attempt;
};
struct resolve {
  domain::attempt_id attempt;
  attempt_outcome outcome;
  std::optional<std::uint64_t> slot;
  std::optional<std::uint64_t> fee_lamports;
  /// JSON, or empty.
  std::string error;
  std::string certificate;
};
struct record_fill {
  domain::token_amount input_used;
  domain::token_amount output_amount;
};
/// `state` is what the holder knows: if somebody moved the order meanwhile, it is due at once.
struct release {
  domain::utc_time until;
  domain::order_state state;
};

}  // namespace write

using order_write = std::variant<write::move, write::insert_attempt, write::note_broadcast, write::confirm,
                                 write::unconfirm, write::resolve, write::record_fill, write::release>;

/// SQLSTATE of a unit that found a row in another state than it expects, as PostgreSQL's own rule has it.
inline constexpr const char* moved_meanwhile = "LF001";

/// Everything one step of one order writes, under one lease epoch.
struct write_unit {
  domain::order_id order;
  solana::pubkey order_account;
  std::uint64_t lease_epoch = 0;
  std::vector<order_write> writes;
};

/// The rows of orders and attempts that an executor works on.
class order_store {
public:
  order_store(postgres::database::options opts, std::string instance);

  /// Takes leases of up to `limit` orders that need an executor, and loads them with their attempts, in one commit.
  postgres::database_result<std::vector<order>> claim(int limit, domain::milliseconds lease);
  /// The same for open orders whose deposit is not final yet or whose time is over for `expiry_grace`.
  postgres::database_result<std::vector<order>> claim_open(int limit, domain::milliseconds lease,
                                                           domain::milliseconds expiry_grace);

  struct held_lease {
    domain::order_id order;
    std::uint64_t epoch = 0;
  };
  /// Returns the orders whose lease was prolonged; the others are lost.
  postgres::database_result<std::vector<domain::order_id>> renew(const std::vector<held_lease>& held,
                                                                 domain::milliseconds lease);

  /// What became of each unit of a batch: nothing, or why it was refused while the others were committed.
  using unit_refusals = std::vector<std::optional<postgres::database_error>>;
  /// All units in one commit; a unit that the database refuses is undone alone (savepoint). An error means that nothing
  /// was committed, or `in_doubt`: read back before anything else.
  postgres::database_result<unit_refusals> commit(const std::vector<write_unit>& units);

private:
  std::vector<order> load(postgres::transaction& t, const std::vector<std::string>& ids);
  void apply(postgres::transaction& t, const write_unit& unit);

  postgres::database db_;
  std::string instance_;
};

}  // namespace landfall::executor
