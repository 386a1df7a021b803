#include "executor-service/actors/order.hpp"

#include <doctest/doctest.h>

#include <caf/all.hpp>
#include <caf/scheduler/test_coordinator.hpp>
#include <deque>
#include <map>
#include <string>
#include <vector>

#include "common/runtime/log.hpp"
#include "common/solana/curve.hpp"
#include "common/solana/keypair.hpp"
#include "common/solana/system.hpp"
#include "common/solana/transaction.hpp"
#include "executor-service/core/master_secret.hpp"
#include "executor-service/core/vault_key.hpp"
#include "tests/executor-service/core/example_order.hpp"

using namespace landfall;
using namespace landfall::executor;
using namespace landfall::executor::tests;
using domain::order_state;
using strings = std::vector<std::string>;

namespace {

constexpr std::uint64_t output_amount = 225'000'000;

/// What the order actor did to the outside, in order: "store payout", "send", "move withdrawing", …
struct journal {
  strings lines;
  /// When the order may be claimed again, as it was last given back.
  std::optional<domain::utc_time> released_until;
  /// What the ledger answers next; nothing queued is a success.
  std::deque<postgres::database_error> refusals;
  std::vector<solana::bytes> sent;
  /// Nothing is on its way until the test says so.
  bool holds_sends = false;
  std::deque<caf::typed_response_promise<chain::sent>> held_sends;
  chain::observer watcher;
  std::map<solana::pubkey, account_info> accounts;
  /// Asked before it is answered, so that a test can act in between.
  std::function<void()> before_simulation;
  std::function<void()> before_accounts;
  bool simulation_fails = false;
  bool watch_refused = false;
  std::optional<transaction_view> transaction;
  std::optional<chain::history_look> looked;

  [[nodiscard]] std::ptrdiff_t count(const std::string& line) const {
    return std::count(lines.begin(), lines.end(), line);
  }
};

std::string named(const order_write& w) {
  struct {
    std::string operator()(const write::move& m) const {
      return "move " + std::string{to_string(m.to)};
    }
    std::string operator()(const write::insert_attempt& i) const {
      return "store " + std::string{to_string(i.what.kind)};
    }
    std::string operator()(const write::note_broadcast&) const {
      return "note";
    }
    std::string operator()(const write::confirm&) const {
      return "confirm";
    }
    std::string operator()(const write::unconfirm&) const {
      return "unconfirm";
    }
    std::string operator()(const write::resolve& r) const {
      return "resolve " + std::string{to_string(r.outcome)};
    }
    std::string operator()(const write::record_fill&) const {
      return "fill";
    }
    std::string operator()(const write::release&) const {
      return "release";
    }
  } name;
  return std::visit(name, w);
}

ledger_actor fake_ledger(caf::actor_system& system, std::shared_ptr<journal> j) {
  return system.spawn([j](ledger_actor::pointer) -> ledger_actor::behavior_type {
    return {[j](const commit_unit& request) {
              // What people read about a broadcast is beside the point here, and never refused.
              if (std::holds_alternative<write::note_broadcast>(request.unit.writes.front()))
                return commit_reply{};
              if (!j->refusals.empty()) {
                const auto error = j->refusals.front();
                j->refusals.pop_front();
                j->lines.push_back("refused " + named(request.unit.writes.front()));
                return commit_reply{error};
              }
              for (const auto& w : request.unit.writes) {
                j->lines.push_back(named(w));
                if (const auto* release = std::get_if<write::release>(&w))
                  j->released_until = release->until;
              }
              return commit_reply{};
            },
            [](caf::flush_atom) {}};
  });
}

chain_actor fake_chain(caf::actor_system& system, std::shared_ptr<journal> j) {
  return system.spawn([j](chain_actor::pointer self) -> chain_actor::behavior_type {
    return {[j](const chain::watch& w) -> caf::result<void> {
              if (j->watch_refused)
                return caf::make_error(caf::sec::runtime_error, "too many signatures are watched");
              j->lines.push_back("watch");
              j->watcher = w.to;
              return caf::unit;
            },
            [j](const chain::unwatch&) { j->watcher = nullptr; },
            [j, self](const chain::broadcast& b) {
              CHECK(b.again == !j->sent.empty());
              j->lines.push_back("send");
              j->sent.push_back(b.transaction);
              auto answer = self->make_response_promise<chain::sent>();
              if (j->holds_sends)
                j->held_sends.push_back(answer);
              else
                answer.deliver(chain::sent{});
              return answer;
            },
            [j](const chain::history_look& look) {
              j->lines.push_back("look");
              j->looked = look;
            },
            [](const chain::blockhash_request&) {
              return chain::fresh_blockhash{"rpc0", 50, *solana::blockhash::from_bytes(key(77).view()), 200, 150};
            },
            [j](const chain::simulate_request&) {
              if (j->before_simulation)
                j->before_simulation();
              chain::simulated s;
              s.endpoint = "rpc0";
              s.result.units_consumed = 30'000;
              if (j->simulation_fails)
                s.result.err = R"({"InstructionError":[2,{"Custom":17}]})";
              return s;
            },
            [j](const chain::accounts_request& request) {
              if (j->before_accounts)
                j->before_accounts();
              chain::accounts_read read;
              read.endpoint = "rpc0";
              read.view.context_slot = std::max<std::uint64_t>(50, request.min_context_slot.value_or(0));
              for (const auto& k : request.keys) {
                const auto found = j->accounts.find(k);
                read.view.accounts.push_back(found == j->accounts.end() ? std::nullopt : std::optional{found->second});
              }
              return read;
            },
            [j](const chain::transaction_request&) {
              return chain::transaction_found{"rpc0", j->transaction};
            },
            [](const chain::statuses_request&) { return chain::statuses_read{}; },
            [](const chain::rent_request&) { return chain::rent{2'039'280}; },
            [](const chain::fee_request&) {
              return chain::fee_estimate{1'000, true};
            },
            [](const chain::health_request&) { return chain::health_report{}; },
            [](const chain::tick&) {},
            [](const chain::arrived&) {}};
  });
}

solana::bytes token_account_of(const solana::pubkey& mint, const solana::pubkey& owner, std::uint64_t amount) {
  solana::bytes data(165, 0);
  std::copy(mint.bytes().begin(), mint.bytes().end(), data.begin());
  std::copy(owner.bytes().begin(), owner.bytes().end(), data.begin() + 32);
  for (int i = 0; i < 8; ++i)
    data[static_cast<std::size_t>(64 + i)] = static_cast<std::uint8_t>(amount >> (8 * i));
  data[108] = 1;
  return data;
}

struct bench {
  bench()
      : config(make_config()),
        system(config),
        scheduler(dynamic_cast<caf::scheduler::test_coordinator&>(system.scheduler())) {
    runtime::log_redirect([](std::string_view) {});
    std::array<std::uint8_t, 32> seed{};
    seed.fill(9);
    auto fee_payer = std::move(solana::keypair::from_seed(seed)).value();
    with->fee_payer = fee_payer.public_key();
    auto master = std::make_shared<const master_secret>(seed);
    o = example_order(order_state::ready_withdraw_output);
    o.vault = vault_keypair(master->bytes(), o.wallet).public_key();
    o.output_amount = domain::token_amount{output_amount};
    o.attempts = {example_attempt(attempt_kind::deposit, 1, attempt_outcome::landed),
                  example_attempt(attempt_kind::swap, 1, attempt_outcome::landed)};
    with->signer = spawn_signer(system, std::make_shared<const signer_keys>(signer_keys{std::move(fee_payer), master}));
    with->ledger = fake_ledger(system, j);
    with->chain = fake_chain(system, j);
    with->clock = &clock;
    with->config.resolution.endpoints_configured = 2;
    j->accounts[with->fee_payer] = {1'000'000'000, solana::programs::system, {}, false};
    j->accounts[o.output_account] = {2'039'280, solana::programs::token,
                                     token_account_of(o.output.mint, o.vault, output_amount), false};
  }
  ~bench() {
    anon_send_exit(worker, caf::exit_reason::kill);
    worker = nullptr;
    anon_send_exit(with->ledger, caf::exit_reason::kill);
    anon_send_exit(with->chain, caf::exit_reason::kill);
    anon_send_exit(with->signer, caf::exit_reason::kill);
    j->watcher = nullptr;
    j->held_sends.clear();
    j->before_simulation = nullptr;
    j->before_accounts = nullptr;
    scheduler.run();
    // Timers hold their actors: let them all come due.
    scheduler.advance_time(std::chrono::hours{1});
    scheduler.run();
    with.reset();
    runtime::log_redirect({});
  }
  bench(const bench&) = delete;
  bench& operator=(const bench&) = delete;

  static caf::actor_system_config& make_config() {
    static thread_local std::unique_ptr<caf::actor_system_config> c;
    c = std::make_unique<caf::actor_system_config>();
    c->set("scheduler.policy", caf::atom("testing"));
    return *c;
  }

  void start() {
    worker = spawn_order(system, o, with);
    scheduler.run();
  }
  void pass(domain::milliseconds time) {
    clock.advance(time);
    scheduler.advance_time(time);
    scheduler.run();
  }
  /// What endpoint `rpc<n>` says about the attempt that is being watched.
  /// As often as it takes for `time` to go by, since timers are set one after the other.
  void pass_in_ticks(domain::milliseconds time) {
    for (domain::milliseconds gone{0}; gone < time; gone += with->config.rebroadcast)
      pass(with->config.rebroadcast);
  }
  /// The order as it is claimed again, with this attempt of it stored.
  void take_up(attempt stored, order_state state) {
    o.state = state;
    std::erase_if(o.attempts, [&](const attempt& a) { return a.kind == stored.kind; });
    o.attempts.push_back(std::move(stored));
  }
  void observe(int endpoint, std::uint64_t finalized_height, std::optional<signature_status> status) {
    REQUIRE(j->watcher);
    observation seen;
    seen.endpoint = "rpc" + std::to_string(endpoint);
    seen.finalized_block_height = finalized_height;
    seen.finalized_slot = finalized_height;
    seen.status_context_slot = finalized_height + 31;
    seen.searched_history = true;
    seen.status = std::move(status);
    caf::anon_send(j->watcher, chain::observed{watched_signature(), seen});
    scheduler.run();
  }
  solana::signature watched_signature() const {
    return j->sent.empty() ? solana::signature{} : solana::parse_transaction(j->sent.back())->id();
  }

  caf::actor_system_config& config;
  caf::actor_system system;
  caf::scheduler::test_coordinator& scheduler;
  runtime::manual_clock clock{domain::from_unix_ms(10'000)};
  std::shared_ptr<journal> j = std::make_shared<journal>();
  std::shared_ptr<order_dependencies> with = std::make_shared<order_dependencies>();
  order o;
  order_actor worker;
};

postgres::database_error error_of(postgres::error_kind kind, const char* sqlstate = "") {
  return {kind, sqlstate, "as told"};
}

}  // namespace

TEST_CASE("a payout is stored, with its move, before a byte of it leaves") {
  bench b;
  b.start();
  CHECK(b.j->lines == strings{"store payout", "move withdrawing", "watch", "send"});
  REQUIRE(b.j->sent.size() == 1);
  const auto tx = solana::parse_transaction(b.j->sent.front());
  REQUIRE(tx.ok());
  CHECK(solana::verify_signatures(*tx).ok());
  CHECK(tx->body.static_keys.front() == b.with->fee_payer);
}

TEST_CASE("a turn to build ends when what was built is on its way") {
  bench b;
  b.j->holds_sends = true;
  b.with->payment_turns = b.system.spawn([j = b.j](turnstile_actor::pointer) -> turnstile_actor::behavior_type {
    return {[j](turn_request) {
              j->lines.push_back("turn");
              return turn_granted{};
            },
            [j](turn_done) { j->lines.push_back("turn done"); }};
  });
  // Swaps have another line, which does not matter here however long it is.
  std::vector<caf::typed_response_promise<turn_granted>> never;
  b.with->swap_turns = b.system.spawn([&never](turnstile_actor::pointer self) -> turnstile_actor::behavior_type {
    return {[&never, self](turn_request) {
              never.push_back(self->make_response_promise<turn_granted>());
              return never.back();
            },
            [](turn_done) {}};
  });
  b.start();
  const strings on_its_way{"turn", "store payout", "move withdrawing", "watch", "send"};
  CHECK(b.j->lines == on_its_way);
  REQUIRE(b.j->held_sends.size() == 1);
  b.j->held_sends.front().deliver(chain::sent{});
  b.scheduler.run();
  auto over = on_its_way;
  over.push_back("turn done");
  CHECK(b.j->lines == over);
  b.pass(b.with->config.rebroadcast);
  CHECK(b.j->count("send") == 2);
  CHECK(b.j->count("turn done") == 1);
  CHECK(never.empty());
  anon_send_exit(b.with->swap_turns, caf::exit_reason::kill);
  b.j->held_sends.clear();
  anon_send_exit(b.with->payment_turns, caf::exit_reason::kill);
}

TEST_CASE("a turn ends too when nothing tells of the send, or there is nothing to send") {
  bench b;
  b.j->holds_sends = true;
  int done = 0;
  const auto counting = [&done](turnstile_actor::pointer) -> turnstile_actor::behavior_type {
    return {[](turn_request) { return turn_granted{}; }, [&done](turn_done) { ++done; }};
  };
  b.with->payment_turns = b.system.spawn(counting);
  b.start();
  CHECK(done == 0);
  b.pass(b.with->config.request_timeout);
  CHECK(done == 1);
  b.j->held_sends.clear();
  anon_send_exit(b.with->payment_turns, caf::exit_reason::kill);

  bench without;
  without.j->accounts[without.with->fee_payer].lamports = 0;
  without.with->payment_turns = without.system.spawn(counting);
  without.start();
  CHECK(without.j->sent.empty());
  CHECK(done == 2);
  anon_send_exit(without.with->payment_turns, caf::exit_reason::kill);
}

TEST_CASE("a commit in doubt sends nothing, and the actor ends so that the rows are read anew") {
  bench b;
  b.j->refusals = {error_of(postgres::error_kind::in_doubt)};
  b.start();
  CHECK(b.j->lines == strings{"refused store payout"});
  b.pass(domain::milliseconds{60'000});
  CHECK(b.j->lines == strings{"refused store payout"});
  CHECK(b.j->sent.empty());
}

TEST_CASE("a lost lease sends nothing") {
  bench b;
  b.j->refusals = {error_of(postgres::error_kind::constraint, "LF003")};
  b.start();
  b.pass(domain::milliseconds{60'000});
  CHECK(b.j->lines == strings{"refused store payout"});
  CHECK(b.j->sent.empty());
}

TEST_CASE("a database that is away is tried again with the very same attempt, and only then the bytes leave") {
  bench b;
  b.j->refusals = {error_of(postgres::error_kind::unavailable), error_of(postgres::error_kind::conflict)};
  b.start();
  CHECK(b.j->sent.empty());
  b.pass(b.with->config.pause);
  CHECK(b.j->sent.empty());
  b.pass(b.with->config.pause);
  CHECK(b.j->lines ==
        strings{"refused store payout", "refused store payout", "store payout", "move withdrawing", "watch", "send"});
}

TEST_CASE("a rule's no gives the order back instead of sending") {
  bench b;
  b.j->refusals = {error_of(postgres::error_kind::constraint, "LF007")};
  b.start();
  CHECK(b.j->lines == strings{"refused store payout", "release"});
  CHECK(b.j->sent.empty());
}

TEST_CASE("until something is seen of it the same bytes go out again, and nothing else is signed") {
  bench b;
  b.start();
  for (int i = 0; i < 5; ++i)
    b.pass(b.with->config.rebroadcast);
  REQUIRE(b.j->sent.size() == 6);
  for (const auto& bytes : b.j->sent)
    CHECK(bytes == b.j->sent.front());
  CHECK(b.j->count("store payout") == 1);
}

TEST_CASE(
    "one endpoint that denies a payout past its life changes nothing; two that prove it let the next one be made") {
  bench b;
  b.start();
  b.observe(0, 500, std::nullopt);
  b.pass(b.with->config.rebroadcast);
  CHECK(b.j->count("resolve dead") == 0);
  b.observe(1, 500, std::nullopt);
  CHECK(b.j->count("resolve dead") == 1);
  CHECK(b.j->count("move withdraw_failed") == 1);
  CHECK(b.j->lines.back() == "release");
  CHECK(b.j->count("store payout") == 1);
}

TEST_CASE("a payout that is denied while money left the account is in doubt, not dead") {
  bench b;
  b.start();
  b.j->accounts[b.o.output_account].data = token_account_of(b.o.output.mint, b.o.vault, output_amount - 1);
  b.observe(0, 500, std::nullopt);
  b.observe(1, 500, std::nullopt);
  b.pass(b.with->config.rebroadcast);
  CHECK(b.j->count("resolve dead") == 0);
}

TEST_CASE("an attempt in doubt gives its place back after a while, and is taken up again with the same bytes") {
  bench b;
  b.start();
  b.j->accounts[b.o.output_account].data = token_account_of(b.o.output.mint, b.o.vault, output_amount - 1);
  b.observe(0, 500, std::nullopt);
  b.observe(1, 500, std::nullopt);
  const auto& policy = b.with->config.resolution;
  b.pass_in_ticks(policy.overdue_after);
  CHECK(b.j->count("release") == 0);
  b.pass_in_ticks(3 * b.with->config.rebroadcast);
  REQUIRE(b.j->lines.back() == "release");
  const auto rest = *b.j->released_until - b.clock.now();
  CHECK(rest > domain::milliseconds{0});
  CHECK(rest < policy.longest_rest);

  bench later;
  later.clock.advance(std::chrono::hours{5});
  attempt payout = example_attempt(attempt_kind::payout, 1);
  payout.transaction = b.j->sent.front();
  payout.signature = b.watched_signature();
  payout.last_valid_block_height = 200;
  payout.signed_at = b.clock.now();
  later.take_up(payout, order_state::withdrawing);
  later.start();
  CHECK(later.j->lines == strings{"watch", "send"});
  later.pass_in_ticks(later.with->config.overdue_look - later.with->config.rebroadcast);
  CHECK(later.j->count("release") == 0);
  later.pass_in_ticks(2 * later.with->config.rebroadcast);
  CHECK(later.j->lines.back() == "release");
  CHECK(later.j->count("store payout") == 0);
  CHECK(*later.j->released_until - later.clock.now() > policy.longest_rest - domain::milliseconds{10'000});
}

TEST_CASE("what is overdue, and can be resolved, is resolved when it is taken up again") {
  bench b;
  b.start();
  bench later;
  later.clock.advance(std::chrono::hours{5});
  attempt payout = example_attempt(attempt_kind::payout, 1);
  payout.transaction = b.j->sent.front();
  payout.signature = b.watched_signature();
  payout.last_valid_block_height = 200;
  payout.signed_at = b.clock.now();
  later.take_up(payout, order_state::withdrawing);
  later.start();
  later.observe(0, 500, std::nullopt);
  later.observe(1, 500, std::nullopt);
  CHECK(later.j->count("resolve dead") == 1);
}

TEST_CASE("what anybody can put at the order account's address is no deposit") {
  bench signer;
  signer.start();
  const auto dies = [&](const solana::bytes& data) {
    bench b;
    attempt deposit = example_attempt(attempt_kind::deposit, 1);
    deposit.transaction = signer.j->sent.front();
    deposit.signature = signer.watched_signature();
    deposit.last_valid_block_height = 200;
    deposit.expected_input = b.o.input_amount;
    b.take_up(deposit, order_state::depositing);
    b.j->accounts[b.o.order_account] = {2'039'280, solana::programs::token, data, false};
    b.start();
    b.observe(0, 500, std::nullopt);
    b.observe(1, 500, std::nullopt);
    b.pass(b.with->config.rebroadcast);
    return b.j->count("resolve dead") == 1 && b.j->count("move deposit_failed") == 1;
  };
  const auto& o = signer.o;
  const auto whole = o.input_amount.units();
  CHECK(dies(token_account_of(key(99), o.vault, whole)));
  CHECK(dies(token_account_of(o.input.mint, key(98), whole)));
  CHECK(dies(token_account_of(o.input.mint, o.vault, 1)));
  CHECK(dies(solana::bytes(165, 0)));
  CHECK(dies(solana::bytes(82, 1)));
  CHECK_FALSE(dies(token_account_of(o.input.mint, o.vault, whole)));
}

TEST_CASE("what stays in doubt is told after a while, once, with the reason") {
  bench b;
  strings told;
  runtime::log_redirect([&told](std::string_view line) {
    if (line.find("attempt_overdue") != std::string_view::npos)
      told.emplace_back(line);
  });
  b.start();
  b.j->accounts[b.o.output_account].data = token_account_of(b.o.output.mint, b.o.vault, output_amount - 1);
  b.observe(0, 500, std::nullopt);
  b.observe(1, 500, std::nullopt);
  b.pass(b.with->config.resolution.overdue_after);
  CHECK(told.empty());
  for (int i = 0; i < 3; ++i)
    b.pass(b.with->config.rebroadcast);
  REQUIRE(told.size() == 1);
  CHECK(told[0].find("balance_moved") != std::string::npos);
  CHECK(b.j->count("resolve dead") == 0);
}

TEST_CASE("confirmed is noted, final ends it, and then what is left is closed") {
  bench b;
  b.start();
  b.observe(0, 60, signature_status{80, confirmation::confirmed, std::nullopt});
  CHECK(b.j->lines.back() == "confirm");
  CHECK(b.j->count("resolve landed") == 0);
  b.j->accounts.erase(b.o.output_account);
  b.observe(0, 90, signature_status{80, confirmation::finalized, std::nullopt});
  CHECK(b.j->count("resolve landed") == 1);
  CHECK(b.j->count("move fill_success") == 1);
  CHECK(b.j->lines.back() == "release");
}

TEST_CASE("a confirmed payout whose fork died is in doubt again, and its own bytes go out again") {
  bench b;
  b.start();
  b.observe(0, 60, signature_status{80, confirmation::confirmed, std::nullopt});
  b.observe(0, 61, std::nullopt);
  CHECK(b.j->count("unconfirm") == 1);
  CHECK(b.j->count("watch") == 2);
  const auto sent = b.j->sent.size();
  b.pass(b.with->config.rebroadcast);
  CHECK(b.j->sent.size() == sent + 1);
  CHECK(b.j->sent.back() == b.j->sent.front());
  CHECK(b.j->count("store payout") == 1);
}

TEST_CASE("what is found stored is resolved before anything is signed") {
  bench b;
  b.start();
  const auto stored = b.j->sent.front();
  const auto id = b.watched_signature();
  bench after;
  attempt payout = example_attempt(attempt_kind::payout, 1);
  payout.transaction = stored;
  payout.signature = id;
  payout.last_valid_block_height = 200;
  after.o.state = order_state::withdrawing;
  after.o.attempts.push_back(payout);
  after.start();
  CHECK(after.j->lines == strings{"watch", "send"});
  CHECK(after.j->sent.front() == stored);
}

TEST_CASE("told to stop while it builds, it stores nothing, sends nothing, and gives the lease back") {
  bench b;
  b.j->before_simulation = [&b] { caf::anon_send(b.worker, order_stop{}); };
  b.worker = spawn_order(b.system, b.o, b.with);
  b.scheduler.run();
  CHECK(b.j->lines == strings{"release"});
  CHECK(b.j->sent.empty());
}

TEST_CASE("told to stop while it reads the balance that a death needs, it gives the lease back, and nothing is dead") {
  bench b;
  b.start();
  b.observe(0, 500, std::nullopt);
  b.j->before_accounts = [&b] { caf::anon_send(b.worker, order_stop{}); };
  b.observe(1, 500, std::nullopt);
  CHECK(b.j->lines.back() == "release");
  CHECK(b.j->count("resolve dead") == 0);
}

TEST_CASE("a fee payer that runs dry signs nothing, and goes on when it has money again") {
  bench b;
  b.j->accounts[b.with->fee_payer].lamports = 19'999'999;
  b.start();
  b.pass(b.with->config.pause);
  CHECK(b.j->lines.empty());
  b.j->accounts[b.with->fee_payer].lamports = 20'000'000;
  b.pass(b.with->config.pause);
  CHECK(b.j->lines == strings{"store payout", "move withdrawing", "watch", "send"});
}

TEST_CASE("what cannot be answered is asked again, but not for ever on one lease") {
  bench b;
  b.j->accounts[b.o.output_account].data = token_account_of(b.o.output.mint, b.o.vault, output_amount - 1);
  b.start();
  for (int i = 0; i < 30; ++i)
    b.pass(b.with->config.pause);
  CHECK(b.j->lines == strings{"release"});
}

TEST_CASE("a payout that is refused comes again after the longest wait, whoever claims the order") {
  bench b;
  b.j->simulation_fails = true;
  b.start();
  CHECK(b.j->lines == strings{"release"});
  CHECK(b.j->released_until == b.clock.now() + b.with->config.steps.retry_cap);
}

TEST_CASE("an attempt that nobody would tell of is given back instead of being waited for") {
  bench b;
  b.j->watch_refused = true;
  b.start();
  CHECK(b.j->lines == strings{"store payout", "move withdrawing", "send"});
  b.pass(b.with->config.rebroadcast);
  CHECK(b.j->lines.back() == "release");
  CHECK(b.j->released_until == b.clock.now() + b.with->config.steps.retry_cap);
}

TEST_CASE("a record that does not show what the swap moved is asked for again, and holds no order") {
  bench b;
  b.o.state = order_state::execute_success;
  b.o.attempts.back().signature = solana::signature{};
  transaction_view record;
  b.j->transaction = record;
  b.start();
  CHECK(b.j->lines.empty());
  record.pre_token_balances = {{b.o.order_account, b.o.input.mint, b.o.vault, b.o.input_amount.units()}};
  record.post_token_balances = {{b.o.order_account, b.o.input.mint, b.o.vault, 0},
                                {b.o.output_account, b.o.output.mint, b.o.vault, output_amount}};
  record.err = "\"AccountInUse\"";
  b.j->transaction = record;
  b.pass(b.with->config.pause);
  CHECK(b.j->lines.empty());
  record.err.reset();
  b.j->transaction = record;
  b.pass(b.with->config.pause);
  REQUIRE(b.j->lines.size() >= 2);
  CHECK(b.j->lines[0] == "fill");
  CHECK(b.j->lines[1] == "move ready_withdraw_output");
}

TEST_CASE("an order to be cancelled is refunded, and ends when nothing is left to close") {
  bench b;
  b.o.state = order_state::ready_to_cancel;
  b.o.attempts.front().slot = 40;
  b.j->accounts.erase(b.o.output_account);
  b.j->accounts[b.o.order_account] = {2'039'280 + b.o.input_amount.units(), solana::programs::token,
                                      token_account_of(b.o.input.mint, b.o.vault, b.o.input_amount.units()), false};
  b.start();
  CHECK(b.j->lines == strings{"store refund", "watch", "send"});
  b.j->accounts.erase(b.o.order_account);
  b.observe(0, 90, signature_status{80, confirmation::finalized, std::nullopt});
  CHECK(b.j->count("resolve landed") == 1);
  CHECK(b.j->count("move cancelled") == 1);
  CHECK(b.j->count("store refund") == 1);
}

TEST_CASE("one endpoint's word that a payout failed lets no other be signed; two say the same, and it is over") {
  bench b;
  b.start();
  const signature_status failed{80, confirmation::finalized, R"({"InstructionError":[2,{"Custom":1}]})"};
  b.observe(0, 90, failed);
  b.pass(b.with->config.rebroadcast);
  CHECK(b.j->count("resolve landed_failed") == 0);
  CHECK(b.j->sent.size() == 2);
  b.observe(1, 90, failed);
  CHECK(b.j->count("resolve landed_failed") == 1);
  CHECK(b.j->count("move withdraw_failed") == 1);
}

namespace {

/// An order whose swap was handed to a maker, as an executor finds it stored.
struct maker_bench : bench {
  maker_bench() {
    std::array<std::uint8_t, 32> seed{};
    seed.fill(8);
    const auto key = solana::keypair::from_seed(seed)->public_key();
    const auto message =
        solana::compile_message(key, std::vector{solana::system::transfer(key, with->fee_payer, 1)}, {}).value();
    swap = example_attempt(attempt_kind::swap, 1);
    swap.maker = "maker.example";
    swap.transaction = solana::serialize(solana::make_transaction(message)).value();
    swap.last_valid_block_height = 200;
    swap.order_account_balance = o.input_amount;
    o.state = order_state::executing;
    o.attempts = {example_attempt(attempt_kind::deposit, 1, attempt_outcome::landed), swap};
    o.attempts.front().signature = id_of(1);
    with->maker = system.spawn([this](maker_actor::pointer) -> maker_actor::behavior_type {
      return {[](const maker::quote_request&) { return maker::offers{}; },
              [this](const maker::hand_over& what) {
                j->lines.push_back("hand over");
                handed.push_back(what);
              },
              [](const maker::arrived&) {}};
    });
  }
  ~maker_bench() {
    anon_send_exit(with->maker, caf::exit_reason::kill);
    scheduler.run();
  }
  static solana::signature id_of(std::uint8_t n) {
    std::array<std::uint8_t, 64> raw{};
    raw.fill(n);
    return solana::signature{raw};
  }
  /// What the history of the order account shows at endpoint `rpc<n>`.
  void show(int endpoint, std::uint64_t height, std::optional<signature_status> status, std::uint64_t balance) {
    observation seen;
    seen.endpoint = "rpc" + std::to_string(endpoint);
    seen.finalized_block_height = seen.finalized_slot = seen.status_context_slot = height;
    seen.searched_history = true;
    seen.status = std::move(status);
    seen.balance = balance_observation{seen.endpoint, height + 31, domain::token_amount{balance}};
    caf::anon_send(worker, chain::history_observed{swap.id, seen});
    scheduler.run();
  }

  attempt swap;
  std::vector<maker::hand_over> handed;
};

}  // namespace

TEST_CASE("a message in a maker's hands is handed over again, looked for, and nothing else is done meanwhile") {
  maker_bench b;
  b.start();
  CHECK(b.j->lines == strings{"look", "hand over"});
  b.pass(b.with->config.rebroadcast);
  CHECK(b.j->count("look") == 2);
  CHECK(b.j->count("hand over") == 2);
  CHECK(b.j->lines.size() == 4);
  for (const auto& h : b.handed) {
    CHECK(h.transaction == b.swap.transaction);
    CHECK(h.quote_id == b.swap.id.to_string());
    CHECK(h.maker == "maker.example");
  }
  REQUIRE(b.j->looked);
  CHECK(b.j->looked->attempt == b.swap.id);
  CHECK(b.j->looked->account == b.o.order_account);
  CHECK(b.j->looked->anchor == maker_bench::id_of(1));
  const auto tx = solana::parse_transaction(b.swap.transaction).value();
  CHECK(b.j->looked->message == solana::message_bytes(tx));
  CHECK(b.j->looked->maker == tx.body.static_keys.front());
  CHECK(b.j->sent.empty());
}

TEST_CASE("a maker's fill is taken from the chain, and dies only by two histories and two balances") {
  maker_bench b;
  const auto input = b.o.input_amount.units();
  b.start();
  b.show(0, 202, std::nullopt, input);
  CHECK(b.j->count("resolve dead") == 0);
  b.show(1, 202, std::nullopt, 0);
  CHECK(b.j->count("resolve dead") == 0);
  b.show(1, 203, signature_status{190, confirmation::confirmed, std::nullopt, maker_bench::id_of(9)}, 0);
  CHECK(b.j->count("confirm") == 1);
  CHECK(b.j->count("move execute_success") == 1);

  maker_bench dead;
  dead.start();
  dead.show(0, 202, std::nullopt, input);
  dead.show(1, 202, std::nullopt, input);
  CHECK(dead.j->count("resolve dead") == 1);
  CHECK(dead.j->count("move execute_failed") == 1);
}
