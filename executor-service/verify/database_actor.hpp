#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/error.hpp>
#include <caf/fwd.hpp>
#include <caf/replies_to.hpp>
#include <caf/typed_actor.hpp>

#include "common/postgres/database.hpp"
#include "executor-service/verify/fact_store.hpp"
#include "executor-service/verify/finding_store.hpp"

namespace landfall::executor::verify {

struct next_orders {
  order_cursor after;
  int limit = 0;
};

struct orders_page {
  std::optional<domain::order_id> after;
  int limit = 0;
};

struct order_ids {
  std::vector<domain::order_id> ids;
};

struct load_orders {
  std::vector<domain::order_id> ids;
};

struct loaded_orders {
  std::vector<order_facts> orders;
};

struct next_deposits {
  std::optional<domain::deposit_request_id> after;
  int limit = 0;
};

struct deposits_page {
  std::optional<domain::deposit_request_id> after;
  int limit = 0;
};

struct unclaimed_deposits {
  std::vector<unclaimed_deposit> deposits;
};

struct load_booked_accounts {
  std::size_t limit = 0;
};

struct booked_accounts {
  std::vector<booked_account> accounts;
};

struct load_open_sums {};

struct open_sums {
  std::vector<std::string> subjects;
};

struct record_orders {
  judgement judged;
  std::vector<seen_movement> movements;
};

struct record_deposits {
  judgement judged;
};

struct record_sums {
  std::vector<sum_finding> found;
  std::vector<settled_question> right;
};

struct recorded {
  recorded_findings changed;
  /// Nothing where they could not be counted.
  std::optional<open_counts> open;
};

/// An error in answer to any of these carries the database's sentence.
using database_actor = caf::typed_actor<
    /// Orders of the next pass, as `fact_store::next_orders`.
    caf::replies_to<next_orders>::with<order_batch>,
    /// A page of all orders.
    caf::replies_to<orders_page>::with<order_ids>,
    /// What is stored of orders.
    caf::replies_to<load_orders>::with<loaded_orders>,
    /// Deposits of the next pass, as `fact_store::next_deposits`.
    caf::replies_to<next_deposits>::with<deposit_batch>,
    /// A page of the deposits that no order was made of.
    caf::replies_to<deposits_page>::with<unclaimed_deposits>,
    /// Accounts that something is left in.
    caf::replies_to<load_booked_accounts>::with<booked_accounts>,
    /// Sums that were short before.
    caf::replies_to<load_open_sums>::with<open_sums>,
    /// Stores a pass over orders.
    caf::replies_to<record_orders>::with<recorded>,
    /// Stores a pass over deposits, and closes findings about those that an order was made of since.
    caf::replies_to<record_deposits>::with<recorded>,
    /// Stores a pass over the sums.
    caf::replies_to<record_sums>::with<recorded>>;

struct database_actor_config {
  /// Reads need any role that may read; writes need the role `landfall_verifier`.
  postgres::database::options database;
  std::string instance;
  policy rules;
};

/// Owns its thread and its connection.
[[nodiscard]] database_actor spawn_database(caf::actor_system& system, database_actor_config config);

/// An error with a sentence for people, and the sentence of one.
[[nodiscard]] caf::error unanswered(std::string why);
[[nodiscard]] std::string sentence(const caf::error& e);

}  // namespace landfall::executor::verify

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(landfall::executor::verify::next_orders)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(landfall::executor::verify::order_batch)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(landfall::executor::verify::orders_page)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(landfall::executor::verify::order_ids)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(landfall::executor::verify::load_orders)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(landfall::executor::verify::loaded_orders)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(landfall::executor::verify::next_deposits)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(landfall::executor::verify::deposit_batch)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(landfall::executor::verify::deposits_page)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(landfall::executor::verify::unclaimed_deposits)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(landfall::executor::verify::load_booked_accounts)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(landfall::executor::verify::booked_accounts)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(landfall::executor::verify::load_open_sums)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(landfall::executor::verify::open_sums)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(landfall::executor::verify::record_orders)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(landfall::executor::verify::record_deposits)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(landfall::executor::verify::record_sums)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(landfall::executor::verify::recorded)
