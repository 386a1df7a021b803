#include "executor-service/api/deposit/deposit_watch.hpp"

#include <algorithm>
#include <caf/all.hpp>
#include <iterator>
#include <utility>
#include <vector>

#include "common/fault/database_fault.hpp"
#include "common/runtime/log.hpp"
#include "common/solana/token.hpp"

namespace landfall::executor::api {

namespace {

using statuses_result = chain_result<std::vector<std::optional<deposit_status>>>;
using account_result = chain_result<std::optional<account_info>>;
using state_result = postgres::database_result<domain::order_state>;

/// Whether the deposit of an order in this state is known to have arrived.
bool has_deposit(domain::order_state state) {
  return state != domain::order_state::pending_deposit && state != domain::order_state::depositing &&
         state != domain::order_state::deposit_failed;
}

/// Endpoints that do not answer.
domain::failure<chain_error> chain_fault(fault::moment) {
  return domain::failure{chain_error{"fault point"}};
}

/// One create call that waits.
struct waiter {
  signed_deposit deposit;
  bool search_history = false;
  std::function<void(const deposit_outcome&)> finished;
  caf::actor_clock::time_point until;
  caf::actor_clock::time_point last_sent;
  bool warned = false;
  /// It counts against `max_waiting`.
  bool holds_slot = false;
};
using waiter_ptr = std::shared_ptr<waiter>;

struct watch_state {
  explicit watch_state(deposit_watch_actor::stateful_pointer<watch_state> me) : self(me) {}

  deposit_watch_actor::stateful_pointer<watch_state> self;
  std::shared_ptr<chain_gateway> chain;
  std::shared_ptr<database_pool> database;
  std::string instance;
  deposit_watch_options options;
  /// For the next poll.
  std::vector<waiter_ptr> waiting;
  /// Taken by those in `waiting`, and those whose statuses, account or order are being read.
  std::size_t slots = 0;
  /// A poll is due or under way.
  bool polling = false;

  static inline const char* name = "deposit_watch";

  void add(await_deposit& request);
  void wait_for_next_poll(waiter_ptr w);
  void schedule_poll();
  void poll();
  void on_statuses(const std::vector<waiter_ptr>& batch, const statuses_result& statuses);
  void on_status(const waiter_ptr& w, const std::optional<deposit_status>& status);
  void read_account(const waiter_ptr& w, std::uint64_t slot);
  void open_order(const waiter_ptr& w, std::uint64_t slot);
  void on_opened(const waiter_ptr& w, std::uint64_t slot, const state_result& state);
  void on_not_usable(const waiter_ptr& w, const std::string& why);
  void retry_or_finish(const waiter_ptr& w);
  void finish(const waiter_ptr& w, const std::string& err);
  void answer(const waiter_ptr& w, const deposit_outcome& outcome);

  /// A callback for other threads that has `handle` run on this actor.
  template <class Answer, class Handle>
  std::function<void(Answer)> on_actor(Handle handle) {
    return [to = deposit_watch_actor{self}, handle = std::move(handle)](Answer value) {
      caf::anon_send(to, deposit_answer{[handle, value = std::move(value)] { handle(value); }});
    };
  }
};

void watch_state::add(await_deposit& request) {
  const auto now = self->clock().now();
  const auto w = std::make_shared<waiter>(
      waiter{std::move(request.deposit), request.search_history, std::move(request.finished), now + options.wait, now});
  if (slots >= options.max_waiting)
    return finish(w, {});
  ++slots;
  w->holds_slot = true;
  wait_for_next_poll(w);
}

void watch_state::wait_for_next_poll(waiter_ptr w) {
  waiting.push_back(std::move(w));
  schedule_poll();
}

/// After a pause: who else arrives meanwhile shares the poll.
void watch_state::schedule_poll() {
  if (polling || waiting.empty())
    return;
  polling = true;
  self->delayed_send(self, options.poll, deposit_poll{});
}

void watch_state::poll() {
  const auto count = std::min(waiting.size(), max_statuses_per_call);
  const auto end = waiting.begin() + static_cast<std::ptrdiff_t>(count);
  std::vector<waiter_ptr> batch{std::make_move_iterator(waiting.begin()), std::make_move_iterator(end)};
  waiting.erase(waiting.begin(), end);
  std::vector<solana::signature> signatures;
  bool search_history = false;
  for (const auto& w : batch) {
    signatures.push_back(w->deposit.signature);
    search_history = search_history || w->search_history;
  }
  fault::between(
      {fault::effect::deposit_statuses_read},
      [&](auto done) { chain->statuses(signatures, search_history, std::move(done)); },
      on_actor<statuses_result>(
          [this, batch = std::move(batch)](const statuses_result& statuses) { on_statuses(batch, statuses); }),
      chain_fault);
}

void watch_state::on_statuses(const std::vector<waiter_ptr>& batch, const statuses_result& statuses) {
  polling = false;
  for (std::size_t i = 0; i < batch.size(); ++i)
    on_status(batch[i], statuses ? statuses->at(i) : std::nullopt);
  schedule_poll();
}

void watch_state::on_status(const waiter_ptr& w, const std::optional<deposit_status>& status) {
  if (status && status->confirmed)
    return status->err ? finish(w, *status->err) : read_account(w, status->slot);
  const auto now = self->clock().now();
  if (now >= w->until)
    return finish(w, {});
  if (!status && now - w->last_sent >= options.rebroadcast) {
    fault::around_send({fault::effect::deposit_sent_again},
                       [&] { chain->broadcast(w->deposit.transaction, w->deposit.signature, true); });
    w->last_sent = now;
  }
  wait_for_next_poll(w);
}

void watch_state::read_account(const waiter_ptr& w, std::uint64_t slot) {
  fault::between(
      {fault::effect::deposit_account_read},
      [&](auto done) { chain->account(w->deposit.order_account, slot, std::move(done)); },
      on_actor<account_result>([this, w, slot](const account_result& account) {
        if (!account)
          return on_not_usable(w, account.error().message);
        if (const auto why = order_account_fault(w->deposit, *account); !why.empty())
          return on_not_usable(w, why);
        open_order(w, slot);
      }),
      chain_fault);
}

void watch_state::open_order(const waiter_ptr& w, std::uint64_t slot) {
  const bool admitted = database->submit([instance = instance, deposit = w->deposit, slot,
                                          done = on_actor<state_result>([this, w, slot](const state_result& state) {
                                            on_opened(w, slot, state);
                                          })](postgres::database& db) {
    done(fault::around(
        {fault::effect::deposit_opened},
        [&] {
          return deposit_store{db, instance}.open_order(deposit, slot);
        },
        fault::database_fault));
  });
  if (!admitted)
    retry_or_finish(w);
}

void watch_state::on_opened(const waiter_ptr& w, std::uint64_t slot, const state_result& state) {
  if (!state)
    return on_not_usable(w, state.error().message);
  runtime::log_info("deposit_confirmed", {{"order_id", w->deposit.order.to_string()},
                                          {"signature", w->deposit.signature.to_string()},
                                          {"slot", slot},
                                          {"state", domain::to_string(*state)}});
  answer(w, {has_deposit(*state), *state, {}});
}

/// Logged once a call: the next polls will mostly find the same.
void watch_state::on_not_usable(const waiter_ptr& w, const std::string& why) {
  if (!w->warned)
    runtime::log_warn("deposit_not_usable_yet", {{"order_id", w->deposit.order.to_string()},
                                                 {"signature", w->deposit.signature.to_string()},
                                                 {"account", w->deposit.order_account.to_string()},
                                                 {"why", why}});
  w->warned = true;
  retry_or_finish(w);
}

void watch_state::retry_or_finish(const waiter_ptr& w) {
  if (self->clock().now() < w->until)
    wait_for_next_poll(w);
  else
    finish(w, {});
}

/// Answers with the order's state: the executor may have continued with the order while we saw nothing.
void watch_state::finish(const waiter_ptr& w, const std::string& err) {
  const auto done = on_actor<state_result>([this, w, err](const state_result& read) {
    const auto state = read ? *read : domain::order_state::depositing;
    answer(w, {has_deposit(state), state, err});
  });
  const bool admitted = database->submit([instance = instance, order = w->deposit.order, done](postgres::database& db) {
    done(deposit_store{db, instance}.order_state(order));
  });
  if (!admitted)
    answer(w, {false, domain::order_state::depositing, err});
}

/// Gives back its slot and answers the call.
void watch_state::answer(const waiter_ptr& w, const deposit_outcome& outcome) {
  if (w->holds_slot)
    --slots;
  w->finished(outcome);
}

deposit_watch_actor::behavior_type watch_behavior(deposit_watch_actor::stateful_pointer<watch_state> self,
                                                  std::shared_ptr<chain_gateway> chain,
                                                  std::shared_ptr<database_pool> database, std::string instance,
                                                  deposit_watch_options options) {
  auto& state = self->state;
  state.chain = std::move(chain);
  state.database = std::move(database);
  state.instance = std::move(instance);
  state.options = options;
  return {
      [self](await_deposit& request) { self->state.add(request); },
      [self](deposit_poll) { self->state.poll(); },
      [self](const deposit_answer& arrived) { arrived.handle(); },
  };
}

}  // namespace

std::string order_account_fault(const signed_deposit& deposit, const std::optional<account_info>& account) {
  if (!account)
    return "it does not exist";
  if (account->owner != deposit.token_program)
    return "it is not the token program's";
  const auto decoded = solana::token::decode_account(account->data);
  if (!decoded)
    return "it is no token account";
  if (decoded->mint != deposit.mint)
    return "it has another mint";
  if (decoded->owner != deposit.vault)
    return "it is not the vault's";
  if (decoded->delegate || decoded->close_authority)
    return "someone else has rights over it";
  if (decoded->state != solana::token::account_state::initialized)
    return "it is frozen";
  if (decoded->amount < deposit.amount.units())
    return "it holds " + std::to_string(decoded->amount) + " of " + deposit.amount.to_string();
  return {};
}

deposit_watch_actor spawn_deposit_watch(caf::actor_system& system, std::shared_ptr<chain_gateway> chain,
                                        std::shared_ptr<database_pool> database, std::string instance,
                                        deposit_watch_options options) {
  return system.spawn(watch_behavior, std::move(chain), std::move(database), std::move(instance), options);
}

}  // namespace landfall::executor::api
