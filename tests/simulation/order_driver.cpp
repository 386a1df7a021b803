#include "tests/simulation/order_driver.hpp"

#include <utility>

#include "tests/simulation/process.hpp"

namespace landfall::simulation {

namespace events = executor::events;
namespace effects = executor::effects;

order_driver::order_driver(process& home, const stored_order& loaded, std::uint64_t serial)
    : home_(home),
      w_(home.around()),
      number_(loaded.number),
      serial_(serial),
      engine_(loaded.row, w_.policy),
      effects_(w_.policy),
      builder_(home, w_, serial) {}

void order_driver::feed(const executor::order_event& event) {
  if (ended_)
    return;
  effects_.begins(event);
  const auto now = home_.now();
  const auto wanted = engine_.on(event, now);
  for (const auto& effect : wanted)
    effects_.sees(effect, now, w_.time.now());
  effects_.ends(now);
  for (const auto& effect : wanted)
    std::visit([this](const auto& e) { perform(e); }, effect);
  // What really happened counts more, and was fed before.
  if (!effects_.broken().empty())
    w_.checker.fail(w_.database.orders()[number_], std::string{effects_.broken()});
}

// --- writing ---

void order_driver::perform(const effects::commit& e) {
  home_.commit(serial_, {number_, epoch(), e.writes}, false);
}

void order_driver::perform(const effects::mark_broadcast& e) {
  home_.commit(serial_, {number_, epoch(), {e.mark}}, true);
}

// --- reading ---

void order_driver::answer_with(executor::order_event event) {
  answer_ = std::move(event);
  home_.later(w_.network_ms(), serial_, [](order_driver& to) { to.feed(*std::exchange(to.answer_, std::nullopt)); });
}

executor::order_event order_driver::balance_of(bool output_account, std::optional<std::uint64_t> min_slot) const {
  const auto read = w_.read_account(number_, min_slot);
  if (!read)
    return events::unanswered{};
  const auto& a = read->account;
  executor::balance_observation seen{std::string(1, static_cast<char>('a' + read->endpoint)), read->slot, {}};
  if (output_account ? a.output_open : a.order_open)
    seen.balance = domain::token_amount{output_account ? a.output_balance : a.order_balance};
  return events::balance_read{std::move(seen)};
}

void order_driver::perform(const effects::read_deposit& e) {
  answer_with(balance_of(false, e.min_slot));
}

void order_driver::perform(const effects::read_balance& e) {
  answer_with(balance_of(e.of_output_account(), e.min_slot));
}

void order_driver::perform(const effects::read_swap& e) {
  const auto id = transaction_of(e.id);
  events::swap_read read;
  for (std::size_t endpoint = 0; endpoint < static_cast<std::size_t>(w_.plan.endpoints) && !read.record; ++endpoint) {
    if (w_.goes_wrong(w_.plan.rpc_error))
      continue;
    const auto view = w_.backend();
    const auto found = w_.chain.find(view, id, true);
    if (found && e.id == signature_of(id, found->copy) && w_.chain.level(view, *found) == solana::commitment::finalized)
      read.record = executor::swap_record{found->order_delta, found->output_delta, found->failed};
  }
  answer_with(std::move(read));
}

void order_driver::perform(const effects::read_fee&) {
  if (w_.goes_wrong(w_.plan.rpc_error))
    return answer_with(events::unanswered{});
  answer_with(events::fee_read{5'000});
}

// --- the watched attempt ---

std::optional<std::size_t> order_driver::watches(std::size_t endpoint) const {
  return ended_ || told_final_[endpoint] ? std::nullopt : watched_;
}

void order_driver::perform(const effects::watch& e) {
  watched_ = transaction_of(e.id);
  told_final_.fill(false);
}

void order_driver::perform(const effects::unwatch&) {
  watched_.reset();
}

void order_driver::perform(const effects::search_history& e) {
  home_.search_history(serial_, transaction_of(e.what));
}

void order_driver::on_status(std::size_t transaction, const executor::observation& seen) {
  if (watched_ == transaction && seen.status && seen.status->level == solana::commitment::finalized)
    told_final_[static_cast<std::size_t>(seen.endpoint.front() - 'a')] = true;
  feed(events::observed{signature_of(transaction), seen});
}

void order_driver::perform(const effects::broadcast& e) {
  home_.broadcast(transaction_of(e.what));
  if (!e.again)
    home_.later(w_.network_ms(), serial_, [](order_driver& to) { to.feed(events::submitted{}); });
}

void order_driver::perform(const effects::submit& e) {
  home_.hand_over(serial_, transaction_of(e.what));
}

/// Logged and counted: it proves nothing. Only a broken rule makes an observation of it.
void order_driver::on_maker_answered(std::size_t transaction, bool accepted) {
  w_.tell("  the maker ", accepted ? "accepts" : "rejects", " #", transaction);
  const auto* a = engine_.watched();
  if (a == nullptr || transaction_of(*a) != transaction)
    return;
  const auto slot = w_.chain.at(w_.chain.behind(0), w_.chain.tip()).slot;
  executor::observation seen{"a", a->last_valid_block_height + 2, slot, slot, true, {}, {}};
  if (accepted && w_.is(mutant::makers_yes_believed)) {
    seen.status = executor::signature_status{slot, solana::commitment::confirmed, {}, signature_of(transaction, 0)};
    feed(events::history_observed{a->id, seen});
  } else if (!accepted && w_.is(mutant::makers_no_believed)) {
    const auto id = a->id;
    seen.balance = {seen.endpoint, slot, a->order_account_balance};
    feed(events::history_observed{id, seen});
    seen.endpoint = seen.balance->endpoint = "b";
    feed(events::history_observed{id, seen});
  }
}

// --- building ---

void order_driver::perform(const effects::acquire_permit& e) {
  home_.acquire_permit(serial_, e.kind);
}

void order_driver::perform(const effects::release_permit&) {
  home_.release_permit(serial_);
}

void order_driver::perform(const effects::build& e) {
  builder_.start(engine_.current(), e.kind,
                 [this](executor::built_result result) { feed(events::built{std::move(result)}); });
}

// --- time, the end, and the story ---

void order_driver::perform(const effects::timer& e) {
  home_.later(e.delay.count(), serial_,
              [then = e.then](order_driver& to) { std::visit([&to](const auto& due) { to.feed(due); }, then); });
}

void order_driver::perform(const effects::finish&) {
  end();
}

void order_driver::perform(const effects::notice& e) {
  if (e.what == effects::notice::kind::waiting || e.what == effects::notice::kind::not_signed)
    w_.tell("  process ", home_.number(), " order ", number_, " waits or signs nothing: ", e.why);
  else if (e.what == effects::notice::kind::attempt_overdue)
    w_.tell("  process ", home_.number(), " order ", number_, " is in doubt for too long: ", e.why);
}

void order_driver::perform(const effects::attempt_signed& e) {
  ++w_.result.signed_attempts;
  w_.tell("  process ", home_.number(), " has signed a ", to_string(e.kind), " of order ", number_, " under epoch ",
          epoch());
}

void order_driver::perform(const effects::written&) {}

}  // namespace landfall::simulation
