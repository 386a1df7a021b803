#include "executor-service/actors/attempt_watch.hpp"

#include <utility>

#include "common/fault/fault_point.hpp"
#include "common/solana/transaction.hpp"
#include "executor-service/actors/await.hpp"
#include "executor-service/actors/chain_record.hpp"
#include "executor-service/actors/order_log.hpp"
#include "executor-service/core/consequence.hpp"

namespace landfall::executor {

using fault::effect;

const attempt* attempt_watch::watched() const {
  return watched_ ? at_.o.find(*watched_) : nullptr;
}

bool attempt_watch::start(const domain::attempt_id& id) {
  if (watched_ == id)
    return false;
  stop();
  watched_ = id;
  since_ = at_.with->clock->now();
  watch(*watched());
  return true;
}

void attempt_watch::stop() {
  if (!watched_)
    return;
  if (const auto* a = watched(); !a->maker)
    at_.self->send(at_.with->chain, chain::unwatch{a->signature.value(), listener()});
  watched_.reset();
  seen_ = {};
  sent_.reset();
  noted_ = false;
  told_overdue_ = false;
  refused_ = false;
}

void attempt_watch::start_over() {
  seen_ = {};
  since_ = at_.with->clock->now();
  watch(*watched());
}

std::optional<domain::utc_time> attempt_watch::rest_until() const {
  const auto& with = *at_.with;
  const auto& policy = with.config.resolution;
  const auto now = with.clock->now();
  const auto* a = watched();
  if (a != nullptr && refused_)
    return now + with.config.steps.retry_cap;
  if (a == nullptr || now - since_ < with.config.overdue_look || !is_overdue(*a, policy, now))
    return std::nullopt;
  return now + rest_of_overdue(*a, policy, now);
}

void attempt_watch::look_again() {
  if (const auto* a = watched(); a->maker)
    watch(*a);
}

chain::status_listener attempt_watch::listener() const {
  return caf::actor_cast<chain::status_listener>(at_.self);
}

/// What the endpoints say of it is told as it comes, or has to be looked for where a maker chooses its id.
void attempt_watch::watch(const attempt& a) {
  const auto& [self, o, with] = at_;
  if (!a.maker)
    // Nobody is told what becomes of a watch that is refused.
    return self->request(with->chain, caf::infinite, chain::watch{a.signature.value(), listener()})
        .then([] {},
              [this, id = a.id](const caf::error& e) {
                if (watched_ != id)
                  return;
                refused_ = true;
                log_order(at_.o, watched(), runtime::level::warn, "not_watched", caf::to_string(e));
              });
  const auto tx = solana::parse_transaction(a.transaction);
  const auto* deposit = o.latest(attempt_kind::deposit);
  if (!tx || deposit == nullptr || !deposit->signature)
    return log_order(o, &a, runtime::level::error, "message_unreadable",
                     "the stored bytes are no transaction, or no deposit is");
  self->send(with->chain,
             chain::history_request{a.id, solana::message_bytes(*tx), tx->body.static_keys.front(), o.order_account,
                                    o.input.token_program, *deposit->signature, self->address()});
}

std::optional<write::note_broadcast> attempt_watch::send(const std::function<void()>& on_its_way) {
  const auto& with = *at_.with;
  const auto& a = *watched();
  if (a.confirmed_slot) {
    on_its_way();
    return std::nullopt;
  }
  if (a.maker) {
    fault::around_send({sent_ ? effect::handed_over_again : effect::handed_over}, [&] {
      at_.self->send(with.maker, maker::hand_over{a.id, *a.maker, a.quote_id(), a.transaction});
    });
    on_its_way();
  } else if (sent_) {
    fault::around_send({effect::rebroadcast, to_string(a.kind)}, [&] {
      caf::anon_send(with.chain, chain::broadcast{a.signature.value(), a.transaction, true});
    });
  } else {
    bool asked = false;
    fault::around_send({effect::broadcast, to_string(a.kind)}, [&] {
      asked = true;
      at_.self->request(with.chain, with.config.request_timeout, chain::broadcast{a.signature.value(), a.transaction})
          .then([on_its_way](const chain::sent&) { on_its_way(); }, [on_its_way](const caf::error&) { on_its_way(); });
    });
    if (!asked)
      on_its_way();
  }
  if (!sent_)
    sent_ = with.clock->now();
  if (std::exchange(noted_, true))
    return std::nullopt;
  return write::note_broadcast{a.id, *sent_};
}

bool attempt_watch::hear(const chain::status_update& m) {
  const auto* a = watched();
  return a != nullptr && a->signature == m.id && accumulate(seen_, m.seen);
}

bool attempt_watch::hear(const chain::history_update& m) {
  return watched_ == m.attempt && accumulate(seen_, m.seen);
}

void attempt_watch::consider(std::function<void(const consideration&)> then) {
  const auto& with = *at_.with;
  const auto& a = *watched();
  auto proven = resolve(a, seen_, with.config.resolution, with.clock->now());
  if (const auto* doubt = std::get_if<fate::in_doubt>(&proven)) {
    if (doubt->overdue && !std::exchange(told_overdue_, true))
      tell_overdue(at_.o, a, doubt->why, with.metrics);
    if (doubt->balance_min_slot)
      return read_balance(a, *doubt->balance_min_slot, std::move(then));
    return then(considered::nothing_new{});
  }
  if (consequence_of(at_.o, a, proven, {}, with.clock->now(), with.config.steps).nothing())
    return then(considered::nothing_new{});
  // The fee is worth a look at the transaction once it is final, but no delay: without an answer it stays unknown.
  const auto* landed = std::get_if<fate::landed>(&proven);
  const bool final = (landed != nullptr && landed->finalized) || std::holds_alternative<fate::landed_failed>(proven);
  // A maker pays its own.
  if (final && !a.maker)
    return read_fee(a, std::move(proven), std::move(then));
  then(considered::proven{std::move(proven), {}});
}

void attempt_watch::read_balance(const attempt& a, std::uint64_t min_slot,
                                 std::function<void(const consideration&)> then) {
  const auto& [self, o, with] = at_;
  // The account that the attempt takes from.
  const bool from_output = a.kind == attempt_kind::payout;
  chain::accounts_request request;
  request.keys = {from_output ? o.output_account : o.order_account};
  request.level = commitment::confirmed;
  request.min_context_slot = min_slot;
  await(
      {effect::balance_read, to_string(a.kind)}, self, with->chain, with->config.request_timeout, std::move(request),
      [this, then, from_output](const chain::accounts_read& read) {
        if (accumulate(seen_, balance_in(read, from_output ? at_.o.output : at_.o.input, at_.o.vault)))
          return then(considered::more_seen{});
        then(considered::nothing_new{});
      },
      [then](const caf::error&) { then(considered::nothing_new{}); });
}

void attempt_watch::read_fee(const attempt& a, resolution proven, std::function<void(const consideration&)> then) {
  const auto& [self, o, with] = at_;
  await(
      {effect::fee_read, to_string(a.kind)}, self, with->chain, with->config.request_timeout,
      chain::transaction_request{a.signature.value(), commitment::finalized},
      [proven, then](const chain::transaction_found& found) {
        then(considered::proven{proven, found.view ? std::optional{found.view->fee_lamports} : std::nullopt});
      },
      [proven, then](const caf::error&) {
        then(considered::proven{proven, {}});
      });
}

}  // namespace landfall::executor
