// landfall-bench-commit-writer ORDERS SECONDS: durable units a second of the commit writer with so many orders waiting
// for their commits at once, beside the same units committed one by one and in batches of the ideal size; in rounds, on
// the cluster that LANDFALL_TEST_POSTGRES names.
#include <algorithm>
#include <caf/all.hpp>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <future>
#include <string>

#include "common/runtime/actor_system.hpp"
#include "common/runtime/log.hpp"
#include "executor-service/order/commit_writer.hpp"
#include "tests/support/fixtures.hpp"

namespace {

using namespace landfall;
using namespace landfall::executor;
using clock_type = std::chrono::steady_clock;

constexpr int rounds = 3;
constexpr domain::milliseconds lease{600'000};
constexpr std::size_t max_batch = 128;

/// One order's next unit: a swap is stored, then its failure, and again.
class writer {
public:
  writer(order o, unsigned number) : order_(std::move(o)), number_(number) {}

  write_unit next() {
    if (!pending_) {
      attempt a;
      a.id = domain::attempt_id::random();
      a.kind = attempt_kind::swap;
      a.ordinal = ++ordinal_;
      a.signature = *solana::signature::parse(tests::signature_of(number_ * 100'000 + static_cast<unsigned>(ordinal_)));
      a.transaction = std::vector<std::uint8_t>(900, 7);
      a.blockhash = *solana::blockhash::parse(tests::address_of(900));
      a.last_valid_block_height = 1'000;
      pending_ = a.id;
      return unit({write::insert_attempt{a, "{}"}});
    }
    write::resolve w{};
    w.attempt = *std::exchange(pending_, std::nullopt);
    w.outcome = attempt_outcome::landed_failed;
    w.slot = 5;
    w.fee_lamports = 5'000;
    w.error = R"({"InstructionError":[0,"Custom"]})";
    return unit({w});
  }

private:
  [[nodiscard]] write_unit unit(std::vector<order_write> writes) const {
    return {order_.id, order_.order_account, order_.lease_epoch, std::move(writes)};
  }

  order order_;
  unsigned number_;
  int ordinal_ = 1'000;
  std::optional<domain::attempt_id> pending_;
};

[[noreturn]] void fail(const std::string& why) {
  std::fprintf(stderr, "bench/commit-writer: %s\n", why.c_str());
  std::exit(1);
}

void expect_committed(const std::optional<postgres::database_error>& refusal) {
  if (refusal)
    fail(refusal->message);
}

/// Units a second until the time is over; `step` commits some and returns how many.
template <class Step>
double rate_of(double seconds, Step step) {
  const auto began = clock_type::now();
  std::size_t units = 0;
  double took = 0;
  do {
    units += step();
    took = std::chrono::duration<double>(clock_type::now() - began).count();
  } while (took < seconds);
  return static_cast<double>(units) / took;
}

/// All orders at once, each with its next unit as soon as the one before is durable.
struct crowd {
  caf::event_based_actor* self = nullptr;
  commit_writer_actor commit_writer;
  std::vector<writer>& writers;
  clock_type::time_point until;
  std::size_t units = 0;
  std::size_t waiting = 0;
  std::promise<std::size_t> over;

  void send(std::size_t at) {
    ++waiting;
    self->request(commit_writer, caf::infinite, commit_unit{writers[at].next()})
        .then([this, at](const commit_reply& reply) {
          expect_committed(reply.error);
          ++units;
          --waiting;
          if (clock_type::now() < until)
            send(at);
          else if (waiting == 0)
            over.set_value(units);
        });
  }
};

double rate_of_commit_writer(caf::actor_system& system, const commit_writer_actor& writer_actor,
                             std::vector<writer>& writers, double seconds) {
  const auto began = clock_type::now();
  const auto until = began + std::chrono::duration_cast<clock_type::duration>(std::chrono::duration<double>(seconds));
  crowd all{nullptr, writer_actor, writers, until, 0, 0, {}};
  auto over = all.over.get_future();
  system.spawn([&all](caf::event_based_actor* self) {
    all.self = self;
    for (std::size_t at = 0; at < all.writers.size(); ++at)
      all.send(at);
  });
  const auto units = over.get();
  return static_cast<double>(units) / std::chrono::duration<double>(clock_type::now() - began).count();
}

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3)
    fail("ORDERS and SECONDS are needed");
  const auto count = std::strtoul(argv[1], nullptr, 10);
  const auto seconds = std::strtod(argv[2], nullptr);
  runtime::log_init("bench", "bench", runtime::level::error, runtime::log_format::json);
  tests::scratch_database scratch;
  tests::fixtures rows{scratch};
  for (unsigned long i = 0; i < count; ++i)
    (void)rows.order_in("executing");
  {
    auto admin = scratch.connect_as_admin();
    pqxx::work work{*admin};
    work.exec("set session_replication_role = replica");
    work.exec("update price_order set lease_until = now() - interval '1 second' where lease_until is not null");
    work.commit();
  }
  postgres::database::options database;
  database.conninfo = scratch.conninfo("landfall_executor");
  order_store store{database, "bench"};
  auto claimed = store.claim({0, count, count}, lease, domain::milliseconds{0});
  if (!claimed || claimed->size() != count)
    fail("the orders could not be claimed");
  std::vector<writer> writers;
  unsigned number = 0;
  for (auto& o : *claimed)
    writers.emplace_back(std::move(o), ++number);

  caf::actor_system_config config;
  runtime::configure_actor_system(config, 2);
  caf::actor_system system{config};
  auto writer_actor = spawn_commit_writer(system, {database, "bench", max_batch, {}, {}, {}});
  std::vector<double> ours;
  std::vector<double> one_by_one;
  std::vector<double> ideal;
  for (int round = 0; round < rounds; ++round) {
    ours.push_back(rate_of_commit_writer(system, writer_actor, writers, seconds));
    std::size_t at = 0;
    one_by_one.push_back(rate_of(seconds, [&] {
      const auto refusals = store.commit({writers[at++ % writers.size()].next()});
      expect_committed(refusals ? refusals->front() : refusals.error());
      return 1U;
    }));
    ideal.push_back(rate_of(seconds, [&] {
      std::vector<write_unit> units;
      for (std::size_t i = 0; i < std::min(max_batch, writers.size()); ++i)
        units.push_back(writers[at++ % writers.size()].next());
      const auto refusals = store.commit(units);
      if (!refusals)
        fail(refusals.error().message);
      for (const auto& refusal : *refusals)
        expect_committed(refusal);
      return units.size();
    }));
    std::fprintf(stderr, "round %d: commit writer %.0f, one by one %.0f, ideal batches %.0f units a second\n",
                 round + 1, ours.back(), one_by_one.back(), ideal.back());
  }
  runtime::stop_actors(system, {caf::actor_cast<caf::strong_actor_ptr>(std::exchange(writer_actor, nullptr))},
                       std::chrono::milliseconds{2'000});
  std::printf(R"({"bench":"commit-writer","ours":%.1f,"reference":%.1f,"ratio":%.3f,"unit":"units/s","orders":%lu,)"
              R"("ideal_batches":%.1f,"share_of_ideal":%.3f})"
              "\n",
              median(ours), median(one_by_one), median(ours) / median(one_by_one), count, median(ideal),
              median(ours) / median(ideal));
  return 0;
}
