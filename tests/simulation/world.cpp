#include "tests/simulation/world.hpp"

#include <algorithm>

#include "tests/simulation/builder.hpp"
#include "tests/simulation/process.hpp"

namespace landfall::simulation {

using domain::order_state;
using executor::attempt;
using executor::attempt_kind;

namespace {

constexpr instant beginning = 1'700'000'000'000;
constexpr std::uint64_t most_events = 1'000'000;

}  // namespace

world::world(std::uint64_t seed, mutant broken_rule, bool telling)
    : dice(seed),
      plan(draw_schedule(dice)),
      chain(plan, dice),
      checker(chain, time),
      database(broken_rule, checker),
      maker(*this),
      telling_(telling),
      began_(beginning),
      calm_at_(beginning + plan.faults_ms) {
  time.start_at(beginning);
  executor::arm(broken_rule);
  auto& steps = policy.steps;
  steps.evidence_max_age = domain::milliseconds{20'000};
  steps.max_swap_attempts = 4;
  steps.max_close_attempts = 4;
  steps.retry_base = domain::milliseconds{500};
  steps.retry_cap = domain::milliseconds{8'000};
  steps.expiry_grace = domain::milliseconds{3'000};
  policy.resolution.endpoints_configured = static_cast<std::size_t>(plan.endpoints);
  policy.resolution.overdue_after = domain::milliseconds{45'000};
  policy.resolution.longest_rest = domain::milliseconds{15'000};
  policy.overdue_polling = domain::milliseconds{5'000};
}

world::~world() {
  executor::arm(mutant::none);
}

void world::say(const std::string& line) const {
  std::printf("%9.3f h%llu %s\n", static_cast<double>(time.now() - began_) / 1000.0,
              static_cast<unsigned long long>(chain.tip()), line.c_str());
}

run_result world::run() {
  set_up();
  while (checker.broken().empty() && !all_at_end()) {
    if (!time.step() || time.now() > calm_at_ + plan.calm_ms || time.happened() > most_events) {
      for (const auto& o : database.orders())
        if (!at_end(o))
          checker.never_ends(o);
      break;
    }
  }
  if (checker.broken().empty())
    finish();
  result.broken = checker.broken();
  result.stuck = checker.stuck();
  result.events = time.happened();
  result.simulated_ms = time.now() - began_;
  if (!result.broken.empty())
    tell("BROKEN: ", result.broken);
  return result;
}

bool world::all_at_end() const {
  return std::all_of(database.orders().begin(), database.orders().end(), [](const auto& o) { return at_end(o); });
}

/// No executor acts any more; whatever was signed lands or can no longer.
void world::finish() {
  for (auto& p : processes_)
    p->halt();
  calm_at_ = time.now();
  std::uint64_t last = chain.tip();
  for (std::size_t id = 0; id < chain.transactions(); ++id)
    last = std::max(last, chain.transaction(id).last_height());
  while (chain.finalized() < last)
    chain.produce(true);
  for (const auto& o : database.orders()) {
    checker.ends(o, at_first_[o.number]);
    result.filled += o.row.state == order_state::fill_success ? 1 : 0;
    result.refunded += o.row.state == order_state::expired ? 1 : 0;
    for (const auto& a : o.row.attempts) {
      result.dead_attempts += a.outcome == executor::attempt_outcome::dead ? 1 : 0;
      result.handed_over += a.maker ? 1 : 0;
      result.filled_by_maker += a.maker && a.outcome == executor::attempt_outcome::landed ? 1 : 0;
    }
  }
}

void world::set_up() {
  for (int n = 0; n < plan.orders; ++n) {
    stored_order o;
    o.number = static_cast<std::size_t>(n);
    o.next_attempt_at = time.now();
    o.row.id = domain::order_id{bytes_of<16>(o.number + 1)};
    o.row.input_amount = domain::token_amount{1'000 + dice.below(1'000)};
    // Nine decimals stand for SOL here, whose accounts are closed by the payment itself.
    o.row.input.decimals = dice.chance(500) ? 9 : 6;
    o.row.output.decimals = o.row.input.decimals == 9 ? 6 : dice.chance(500) ? 9 : 6;
    identify(o.row, o.number);
    o.row.expires_at = domain::from_unix_ms(time.now() + dice.between(8'000, 150'000));
    o.row.deposit_expires_at = domain::from_unix_ms(time.now() + dice.between(2'000, 20'000));
    auto& account = at_first_[o.number];
    account.wallet_input = o.row.input_amount.units() - (dice.chance(30) ? 1 : 0);
    chain.genesis()[o.number] = account;
    database.create(std::move(o));
  }
  for (int n = 0; n < plan.processes; ++n)
    processes_.push_back(std::make_unique<process>(*this, n));
  for (auto& p : processes_)
    p->start();
  next_block();
  services();
  if (plan.hold_every > 0)
    holds();
  struct fault {
    static void repeat(world& w, std::int64_t every, void (*strike)(world&)) {
      if (every > 0)
        w.time.after(w.dice.between(every / 2, every + every / 2), [w = &w, every, strike] {
          if (w->calm())
            return;
          strike(*w);
          repeat(*w, every, strike);
        });
    }
    static process& any(world& w) {
      return *w.processes_[w.dice.below(w.processes_.size())];
    }
  };
  fault::repeat(*this, plan.crash_every, [](world& w) { fault::any(w).crash(); });
  fault::repeat(*this, plan.pause_every,
                [](world& w) { fault::any(w).pause(w.dice.between(100, w.plan.longest_pause)); });
  fault::repeat(*this, plan.clock_jump_every, [](world& w) {
    const auto offset = w.dice.between(-40'000, 40'000);
    w.tell("a clock is off by ", offset, " ms");
    fault::any(w).set_clock(offset);
  });
  time.after(plan.faults_ms, [this] {
    tell("nothing goes wrong from here on");
    for (auto& p : processes_)
      p->set_clock(0);
  });
}

void world::next_block() {
  if (goes_wrong(plan.fork)) {
    const auto depth = dice.chance(plan.deep_fork) ? chain.tip() - chain.finalized() : 1 + dice.below(3);
    chain.fork(depth);
    tell("a fork drops ", depth, " blocks");
  }
  chain.produce(calm());
  if (telling_)
    for (const auto id : chain.at(chain.behind(0), chain.tip()).landed) {
      const auto& t = chain.transaction(id);
      tell("  block holds ", to_string(t.kind), " #", id, t.now.failed ? " with an error" : "", " of order ", t.order);
    }
  time.after(plan.block_ms, [this] { next_block(); });
}

// --- users, the api and the trigger service ---

void world::services() {
  for (auto& o : database.orders())
    serve_order(o);
  time.after(dice.between(500, 1'500), [this] { services(); });
}

void world::serve_order(stored_order& o) {
  if (goes_wrong(plan.database_down))
    return;
  const auto now = time.now();
  switch (o.row.state) {
    case order_state::pending_deposit: {
      if (domain::from_unix_ms(now) >= o.row.deposit_expires_at || !dice.chance(400))
        return;
      const auto view = chain.behind(0);
      sim_transaction t;
      t.order = o.number;
      t.take = o.row.input_amount.units();
      t.hash_height = chain.confirmed(view) - dice.below(10);
      t.hash_id = chain.at(view, t.hash_height).id;
      const auto id = chain.sign(t);
      attempt deposit;
      deposit.id = attempt_id_of(id);
      deposit.signature = signature_of(id);
      deposit.transaction = {1};
      deposit.last_valid_block_height = t.last_valid_height();
      deposit.expected_input = o.row.input_amount;
      deposit.signed_at = domain::from_unix_ms(now);
      if (database.store_deposit(o.number, deposit).what != commit_status::done)
        return;
      tell("the user's deposit #", id, " of order ", o.number, " is stored");
      return send(id);
    }
    case order_state::depositing: {
      if (!dice.chance(100))
        return;
      const auto view = chain.behind(0);
      const auto id = transaction_of(*o.row.latest(attempt_kind::deposit));
      const auto found = chain.find(view, id, true);
      if (!found || found->failed || chain.level(view, *found) == solana::commitment::processed)
        return;
      if (database.open_order(o.number, found->slot, now).what == commit_status::done)
        tell("the api opens order ", o.number);
      return;
    }
    case order_state::open:
      if (domain::from_unix_ms(now) >= o.row.expires_at) {
        if (dice.chance(500) && database.decide(o.number, order_state::ready_expire, now))
          tell("the trigger expires order ", o.number);
      } else if (dice.chance(300) && database.decide(o.number, order_state::ready_execute, now)) {
        const auto age = goes_wrong(plan.stale_evidence) ? dice.between(15'000, 40'000) : dice.between(0, 1'000);
        o.row.triggered_at = domain::from_unix_ms(now - age);
        tell("the trigger decides to execute order ", o.number);
      }
      return;
    default:
      return;
  }
}

/// The verifier holds an order, an operator lets it go.
void world::holds() {
  time.after(dice.between(plan.hold_every / 2, plan.hold_every), [this] {
    if (calm())
      return;
    const auto order = dice.below(database.orders().size());
    database.hold(order, true);
    tell("order ", order, " is held");
    time.after(dice.between(500, 20'000), [this, order] { database.hold(order, false); });
    holds();
  });
}

// --- endpoints ---

chain_view world::backend() {
  if (calm())
    return chain.behind(0);
  if (dice.chance(plan.dead_branch))
    if (const auto dead = chain.dead_branch())
      return *dead;
  return chain.behind(dice.chance(plan.lagging) ? dice.below(plan.lag_blocks + 1) : 0);
}

std::optional<world::height_and_slot> world::finalized_of(std::size_t endpoint) {
  if (goes_wrong(plan.rpc_error))
    return std::nullopt;
  const auto view = backend();
  height_and_slot f{view.finalized, chain.at(view, view.finalized).slot};
  if (endpoint == 0 && plan.lying == lie::height_too_high && goes_wrong(900)) {
    f.height += 160;
    f.slot += 200;
  }
  return f;
}

world::status_answer world::status_of(std::size_t endpoint, const chain_view& view, bool lies,
                                      std::size_t transaction) {
  status_answer answer{chain.at(view, view.tip).slot, {}};
  if (lies) {
    if (endpoint == 0 && plan.lying == lie::height_too_high)
      answer.context_slot += 260;
    return answer;
  }
  if (const auto found = chain.find(view, transaction, !is(mutant::history_not_searched))) {
    answer.status = executor::signature_status{found->slot, chain.level(view, *found), {}};
    if (found->failed)
      answer.status->err = R"({"InstructionError":[2,{"Custom":1}]})";
  }
  return answer;
}

std::optional<world::account_answer> world::read_account(std::size_t order, std::optional<std::uint64_t> min_slot) {
  const auto endpoints = static_cast<std::size_t>(plan.endpoints);
  const auto first = dice.below(endpoints);
  for (std::size_t i = 0; i < endpoints; ++i) {
    const auto view = backend();
    const auto height = chain.confirmed(view);
    const auto slot = chain.at(view, height).slot;
    if (goes_wrong(plan.rpc_error) || (min_slot && slot < *min_slot))
      continue;
    return account_answer{(first + i) % endpoints, slot, chain.account(view, height, order)};
  }
  return std::nullopt;
}

std::optional<world::status_answer> world::history_of(std::size_t endpoint, std::uint64_t min_slot,
                                                      std::size_t transaction) {
  const auto view = backend();
  const bool lies = endpoint == 0 && plan.lying != lie::none && goes_wrong(800);
  const auto height = chain.confirmed(view);
  const auto claimed = chain.at(view, height).slot + (lies && plan.lying == lie::height_too_high ? 260 : 0);
  if (goes_wrong(plan.rpc_error) || claimed < min_slot)
    return std::nullopt;
  status_answer answer;
  const auto behind = goes_wrong(plan.index_lagging) ? dice.below(plan.index_lag_blocks + 1) : 0;
  const auto found = chain.find(view, transaction, true);
  if (lies || !found || found->height + behind > height)
    return answer;
  answer.status =
      executor::signature_status{found->slot, chain.level(view, *found), {}, signature_of(transaction, found->copy)};
  if (found->failed)
    answer.status->err = R"({"InstructionError":[2,{"Custom":1}]})";
  return answer;
}

std::optional<world::account_answer> world::account_at(std::size_t endpoint, std::uint64_t min_slot,
                                                       std::size_t order) {
  const auto view = backend();
  const auto height = chain.confirmed(view);
  auto slot = chain.at(view, height).slot;
  if (endpoint == 0 && plan.lying == lie::height_too_high && goes_wrong(800))
    slot += 260;
  if (goes_wrong(plan.rpc_error) || slot < min_slot)
    return std::nullopt;
  return account_answer{endpoint, slot, chain.account(view, height, order)};
}

void world::send(std::size_t transaction) {
  for (int e = 0; e < plan.endpoints; ++e)
    if (!goes_wrong(plan.rpc_error))
      chain.submit(transaction, calm());
}

}  // namespace landfall::simulation
