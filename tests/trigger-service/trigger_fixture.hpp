#pragma once

#include <caf/all.hpp>
#include <deque>
#include <functional>
#include <memory>
#include <set>
#include <utility>
#include <vector>

#include "tests/support/actor_fixture.hpp"
#include "tests/trigger-service/samples.hpp"
#include "trigger-service/orders/supervisor.hpp"

namespace landfall::trigger::tests {

/// What a fake keeps, shared with the test: actors own their sinks and sources.
struct sink_record {
  /// Orders that are open: only they move.
  std::set<domain::order_id> open;
  std::set<domain::evidence_id> written;
  std::vector<std::vector<decision>> batches;
  /// Errors to give first, one a write. With `in_doubt` the write happens all the same.
  std::deque<postgres::error_kind> errors;

  [[nodiscard]] std::size_t decisions() const {
    std::size_t n = 0;
    for (const auto& batch : batches)
      n += batch.size();
    return n;
  }
};

/// Moves open orders as the database does: each once, and evidence once.
class fake_sink final : public decision_sink {
public:
  explicit fake_sink(std::shared_ptr<sink_record> record) : record_(std::move(record)) {}

  postgres::database_result<std::vector<written_decision>> write(const std::vector<decision>& decisions) override {
    std::optional<postgres::error_kind> error;
    if (!record_->errors.empty()) {
      error = record_->errors.front();
      record_->errors.pop_front();
    }
    if (error && *error != postgres::error_kind::in_doubt)
      return domain::failure{postgres::database_error{*error, "", "planted"}};
    record_->batches.push_back(decisions);
    std::vector<written_decision> out;
    for (const auto& d : decisions) {
      const bool before = record_->written.contains(d.evidence.id);
      const bool moved = before || record_->open.erase(d.order) == 1;
      if (moved)
        record_->written.insert(d.evidence.id);
      out.push_back({moved ? write_outcome::applied : write_outcome::not_applied, {}});
    }
    if (error)
      return domain::failure{postgres::database_error{*error, "", "planted"}};
    return out;
  }

private:
  std::shared_ptr<sink_record> record_;
};

/// Prices and orders at noon, and a database that is only a record.
class trigger_fixture : public landfall::tests::actor_fixture {
public:
  trigger_fixture() : actor_fixture(noon) {}
  ~trigger_fixture() {
    for (auto& actor : actors_)
      caf::anon_send_exit(actor, caf::exit_reason::user_shutdown);
    actors_.clear();
    run();
  }

  /// A few milliseconds at a time.
  void advance(std::chrono::milliseconds time) {
    run();
    advance_in_steps(time, std::chrono::milliseconds{5});
  }
  /// To be ended with the fixture.
  template <class Actor>
  Actor keep(Actor actor) {
    actors_.push_back(caf::actor_cast<caf::actor>(actor));
    return actor;
  }

  runtime::metrics metrics;
  std::shared_ptr<const price_metrics> feed_metrics = std::make_shared<price_metrics>(&metrics);
  std::shared_ptr<const decision_metrics> measured = std::make_shared<decision_metrics>(&metrics);
  std::shared_ptr<sink_record> sink = std::make_shared<sink_record>();

  decision_writer_config writer_config() {
    decision_writer_config c;
    c.clock = clock;
    c.metrics = measured;
    c.open_sink = [record = sink] { return std::make_unique<fake_sink>(record); };
    c.detached = false;
    return c;
  }
  market_config markets_config() {
    market_config c;
    c.mint = sample_mint;
    c.clock = clock;
    c.metrics = measured;
    return c;
  }

private:
  std::vector<caf::actor> actors_;
};

inline decision sample_decision(unsigned n, domain::utc_time received_at) {
  trigger_book book;
  book.insert(sample_order(n, domain::trigger_condition::above, "1"), 1);
  auto made = decide(book, {sample_price("200", received_at), "[]"}, received_at, std::chrono::seconds{10}, 1);
  auto d = made.decisions.front();
  d.evidence.id = domain::evidence_id::random();
  return d;
}

/// Sends a request as nobody in particular and keeps the answer.
inline std::shared_ptr<std::optional<decision_outcomes>> ask(trigger_fixture& b, const decision_writer_actor& writer,
                                                             std::vector<decision> decisions) {
  auto answer = std::make_shared<std::optional<decision_outcomes>>();
  b.system.spawn([=](caf::event_based_actor* self) {
    self->request(writer, caf::infinite, write_decisions{decisions}).then([=](const decision_outcomes& given) {
      *answer = given;
    });
  });
  return answer;
}

}  // namespace landfall::trigger::tests
