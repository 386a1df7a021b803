#include "executor-service/verify/database_actor.hpp"

#include <caf/all.hpp>
#include <utility>

namespace landfall::executor::verify {

namespace {

struct database_state {
  explicit database_state(database_actor_config config)
      : db(std::move(config.database)), facts(db), findings(db, std::move(config.instance), config.rules) {}

  postgres::database db;
  fact_store facts;
  finding_store findings;

  caf::result<recorded> with_counts(postgres::database_result<recorded_findings> changed) {
    if (!changed.ok())
      return unanswered(changed.error().message);
    const auto open = findings.count_open();
    return recorded{std::move(*changed), open.ok() ? std::optional{*open} : std::nullopt};
  }

  caf::result<recorded> record(record_deposits& request) {
    const auto claimed = findings.claimed_deposits();
    if (!claimed.ok())
      return unanswered(claimed.error().message);
    for (const auto& subject : *claimed)
      request.judged.right.push_back({finding_kind::deposit_without_order, subject});
    return with_counts(findings.record(request.judged, {}));
  }
};

struct actor_state {
  static inline const char* name = "verify_database";
  std::unique_ptr<database_state> work;
};

template <class Reply, class T>
caf::result<Reply> reply(postgres::database_result<T> result) {
  if (!result.ok())
    return unanswered(result.error().message);
  return Reply{std::move(*result)};
}

database_actor::behavior_type behavior(database_actor::stateful_pointer<actor_state> self,
                                       database_actor_config config) {
  self->state.work = std::make_unique<database_state>(std::move(config));
  auto& work = *self->state.work;
  return {
      [&work](const next_orders& r) { return reply<order_batch>(work.facts.next_orders(r.after, r.limit)); },
      [&work](const orders_page& r) { return reply<order_ids>(work.facts.orders(r.after, r.limit)); },
      [&work](const load_orders& r) { return reply<loaded_orders>(work.facts.load(r.ids)); },
      [&work](const next_deposits& r) { return reply<deposit_batch>(work.facts.next_deposits(r.after, r.limit)); },
      [&work](const deposits_page& r) {
        return reply<unclaimed_deposits>(work.facts.unclaimed_deposits(r.after, r.limit));
      },
      [&work](const load_booked_accounts& r) { return reply<booked_accounts>(work.facts.booked_accounts(r.limit)); },
      [&work](const load_open_sums&) { return reply<open_sums>(work.facts.open_sums()); },
      [&work](const record_orders& r) { return work.with_counts(work.findings.record(r.judged, r.movements)); },
      [&work](record_deposits& r) { return work.record(r); },
      [&work](const record_sums& r) { return work.with_counts(work.findings.record_sums(r.found, r.right)); },
  };
}

}  // namespace

database_actor spawn_database(caf::actor_system& system, database_actor_config config) {
  return system.spawn<caf::detached>(behavior, std::move(config));
}

caf::error unanswered(std::string why) {
  return caf::make_error(caf::sec::runtime_error, std::move(why));
}

std::string sentence(const caf::error& e) {
  if (e == caf::sec::runtime_error && e.context().match_elements<std::string>())
    return e.context().get_as<std::string>(0);
  return caf::to_string(e);
}

}  // namespace landfall::executor::verify
