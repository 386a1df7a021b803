#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/postgres/database.hpp"
#include "executor-service/order/core/claim_capacity.hpp"
#include "executor-service/order/core/order_write.hpp"

namespace landfall::executor {

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

  /// Takes leases of orders that need an executor, within `capacity`, and loads them with their attempts, in one
  /// commit: new work; started work; orders whose deposit is not final yet; open orders whose time is over for
  /// `expiry_grace`. The last three share the capacity of started work in rotation, so that none starves another.
  postgres::database_result<std::vector<order>> claim(const claim_capacity& capacity, domain::milliseconds lease,
                                                      domain::milliseconds expiry_grace);

  struct held_lease {
    domain::order_id order;
    std::uint64_t epoch = 0;
  };
  /// Returns the orders whose lease was prolonged; the others are lost.
  postgres::database_result<std::vector<domain::order_id>> renew(const std::vector<held_lease>& held,
                                                                 domain::milliseconds lease);

  /// For each unit of a batch: nothing if it was committed, else why it was refused while the others were committed.
  using unit_refusals = std::vector<std::optional<postgres::database_error>>;
  /// All units in one commit; a unit that the database refuses is undone alone: then the batch is run again with a
  /// savepoint for each. An error means that nothing was committed, or `in_doubt`: read back before anything else.
  postgres::database_result<unit_refusals> commit(const std::vector<write_unit>& units);

private:
  std::vector<order> load(postgres::transaction& t, const std::vector<std::string>& ids);
  void apply(postgres::transaction& t, const write_unit& unit);

  postgres::database db_;
  std::string instance_;
  /// Which of those three is claimed first.
  std::size_t rotation_ = 0;
};

}  // namespace landfall::executor
