#include "executor-service/api/deposit/deposit_watch.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "common/fault/database_fault.hpp"
#include "common/runtime/log.hpp"
#include "common/solana/token.hpp"

namespace landfall::executor::api {

namespace {

/// Whether the deposit of an order in this state is known to have arrived.
bool has_deposit(domain::order_state state) {
  return state != domain::order_state::pending_deposit && state != domain::order_state::depositing &&
         state != domain::order_state::deposit_failed;
}

/// Endpoints that do not answer.
domain::failure<chain_error> chain_fault(fault::moment) {
  return domain::failure{chain_error{"fault point"}};
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

deposit_watch::deposit_watch(std::shared_ptr<chain_gateway> chain, worker_pool& workers, std::string instance,
                             deposit_watch_options options)
    : chain_(std::move(chain)),
      workers_(workers),
      instance_(std::move(instance)),
      options_(options),
      thread_([this](const std::stop_token& stopping) { run(stopping); }) {}

deposit_watch::~deposit_watch() {
  stop();
}

void deposit_watch::stop() {
  thread_.request_stop();
  if (thread_.joinable())
    thread_.join();
  std::vector<waiter> dropped;
  const std::lock_guard lock{mutex_};
  dropped.swap(waiting_);
}

void deposit_watch::wait_for(signed_deposit deposit, bool old, done finished) {
  const auto now = std::chrono::steady_clock::now();
  waiter w{std::move(deposit), old, std::move(finished), now + options_.wait, now, false, false};
  {
    const std::lock_guard lock{mutex_};
    if (places_ < options_.max_waiting) {
      ++places_;
      w.has_place = true;
      waiting_.push_back(std::move(w));
      changed_.notify_one();
      return;
    }
  }
  finish(std::move(w), {});
}

void deposit_watch::put_back(waiter w) {
  {
    const std::lock_guard lock{mutex_};
    waiting_.push_back(std::move(w));
  }
  changed_.notify_one();
}

void deposit_watch::tell(const waiter& w, const deposit_outcome& seen) {
  if (w.has_place) {
    const std::lock_guard lock{mutex_};
    --places_;
  }
  w.finished(seen);
}

void deposit_watch::run(const std::stop_token& stopping) {
  while (!stopping.stop_requested()) {
    std::vector<waiter> batch;
    {
      std::unique_lock lock{mutex_};
      if (!changed_.wait(lock, stopping, [this] { return !waiting_.empty(); }))
        return;
      // The rest of the turn: what else arrives meanwhile shares the poll.
      changed_.wait_for(lock, stopping, options_.poll, [] { return false; });
      if (stopping.stop_requested())
        return;
      const auto count = std::min(waiting_.size(), max_statuses_per_call);
      std::move(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(count), std::back_inserter(batch));
      waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(count));
    }
    poll(std::move(batch));
  }
}

void deposit_watch::poll(std::vector<waiter> batch) {
  std::vector<solana::signature> signatures;
  bool old = false;
  for (const auto& w : batch) {
    signatures.push_back(w.deposit.signature);
    old = old || w.old;
  }
  const auto statuses = fault::around(
      {fault::effect::deposit_statuses_read}, [&] { return chain_->statuses(signatures, old); }, chain_fault);
  const auto now = std::chrono::steady_clock::now();
  for (std::size_t i = 0; i < batch.size(); ++i) {
    auto& w = batch[i];
    const auto status = statuses ? statuses->at(i) : std::nullopt;
    if (status && status->confirmed) {
      if (status->err)
        finish(std::move(w), *status->err);
      else
        check(std::move(w), status->slot);
    } else if (now >= w.until) {
      finish(std::move(w), {});
    } else {
      if (!status && now - w.sent >= options_.rebroadcast) {
        fault::around_send({fault::effect::deposit_sent_again},
                           [&] { chain_->broadcast(w.deposit.transaction, w.deposit.signature, true); });
        w.sent = now;
      }
      put_back(std::move(w));
    }
  }
}

void deposit_watch::check(waiter w, std::uint64_t slot) {
  const auto shared = std::make_shared<waiter>(std::move(w));
  const bool taken = workers_.submit([this, shared, slot](postgres::database& db) {
    const auto fault = open_if_deposited(db, *shared, slot);
    if (fault.empty())
      return;
    // Once a call: the next polls will mostly find the same.
    if (!shared->warned)
      runtime::log_warn("deposit_not_usable_yet", {{"order_id", shared->deposit.order.to_string()},
                                                   {"signature", shared->deposit.signature.to_string()},
                                                   {"account", shared->deposit.order_account.to_string()},
                                                   {"why", fault}});
    shared->warned = true;
    look_again(std::move(*shared));
  });
  if (!taken)
    look_again(std::move(*shared));
}

std::string deposit_watch::open_if_deposited(postgres::database& db, const waiter& w, std::uint64_t slot) {
  const auto& deposit = w.deposit;
  const auto account = fault::around(
      {fault::effect::deposit_account_read}, [&] { return chain_->account(deposit.order_account, slot); }, chain_fault);
  if (!account)
    return account.error().message;
  if (auto fault = order_account_fault(deposit, *account); !fault.empty())
    return fault;
  const auto state = fault::around(
      {fault::effect::deposit_opened},
      [&] {
        return deposit_store{db, instance_}.open_order(deposit, slot);
      },
      fault::database_fault);
  if (!state)
    return state.error().message;
  runtime::log_info("deposit_confirmed", {{"order_id", deposit.order.to_string()},
                                          {"signature", deposit.signature.to_string()},
                                          {"slot", slot},
                                          {"state", domain::to_string(*state)}});
  tell(w, {has_deposit(*state), *state, {}});
  return {};
}

void deposit_watch::look_again(waiter w) {
  if (std::chrono::steady_clock::now() < w.until)
    put_back(std::move(w));
  else
    finish(std::move(w), {});
}

void deposit_watch::finish(waiter w, std::string err) {
  const auto shared = std::make_shared<waiter>(std::move(w));
  // The executor may have gone on with the order while we saw nothing.
  const bool taken = workers_.submit([this, shared, err](postgres::database& db) {
    const auto state = deposit_store{db, instance_}.order_state(shared->deposit.order);
    const auto now_in = state ? *state : domain::order_state::depositing;
    tell(*shared, {has_deposit(now_in), now_in, err});
  });
  if (!taken)
    tell(*shared, {false, domain::order_state::depositing, err});
}

}  // namespace landfall::executor::api
