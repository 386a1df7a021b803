#include "tests/executor-service/api/deposit/fake_gateway.hpp"

#include <doctest/doctest.h>

#include "common/solana/programs.hpp"
#include "common/solana/system.hpp"
#include "common/solana/transaction.hpp"
#include "tests/support/keys.hpp"
#include "tests/support/token_accounts.hpp"

namespace landfall::executor::api {

namespace {

using landfall::tests::token_account_rent;

constexpr std::uint64_t landing_slot = 500;
const chain_error not_observed{"the fake chain is down"};

/// What a crafted SOL deposit makes: its account, and what is in it.
std::pair<solana::pubkey, account_info> landed_account(const solana::bytes& wire, bool wrong_owner) {
  const auto tx = solana::parse_transaction(wire);
  REQUIRE(tx.ok());
  const auto calls = solana::resolve_instructions(tx->body);
  REQUIRE(calls.ok());
  REQUIRE(calls->size() == 3);
  const auto funding = solana::system::decode_transfer(calls->at(0));
  REQUIRE(funding.has_value());
  const auto& setup = calls->at(2);
  auto owner = solana::pubkey::from_bytes(solana::byte_view{setup.data}.subspan(1));
  REQUIRE(owner.ok());
  auto account =
      landfall::tests::token_account(setup.accounts.at(1).key, wrong_owner ? tx->body.static_keys.at(0) : *owner,
                                     funding->lamports - token_account_rent);
  account.lamports = funding->lamports;
  return {funding->to, account};
}

}  // namespace

namespace {

template <class T>
chain_result<T> observed(const std::optional<T>& known) {
  if (!known)
    return domain::failure{not_observed};
  return *known;
}

}  // namespace

void fake_gateway::answer(std::function<void()> send) {
  {
    const std::lock_guard lock{mutex_};
    if (silent_) {
      unanswered_.push_back(std::move(send));
      return;
    }
  }
  send();
}

void fake_gateway::latest_blockhash(chain_done<latest_blockhash_view> done) {
  std::optional<latest_blockhash_view> known;
  {
    const std::lock_guard lock{mutex_};
    if (!down_)
      known = latest_blockhash_view{400, solana::blockhash{landfall::tests::filled<32>(9)}, 550};
  }
  answer([known, done = std::move(done)] { done(observed(known)); });
}

void fake_gateway::token_account_rent(chain_done<std::uint64_t> done) {
  std::optional<std::uint64_t> known;
  {
    const std::lock_guard lock{mutex_};
    if (!down_)
      known = landfall::tests::token_account_rent;
  }
  answer([known, done = std::move(done)] { done(observed(known)); });
}

void fake_gateway::account(const solana::pubkey& key, std::optional<std::uint64_t> min_context_slot,
                           chain_done<std::optional<account_info>> done) {
  std::optional<std::optional<account_info>> known;
  {
    const std::lock_guard lock{mutex_};
    if (!down_ && !(min_context_slot > landing_slot)) {
      const auto found = accounts_.find(key);
      known = found == accounts_.end() ? std::optional<account_info>{} : std::optional{found->second};
    }
  }
  answer([known, done = std::move(done)] { done(observed(known)); });
}

void fake_gateway::statuses(const std::vector<solana::signature>& signatures, bool,
                            chain_done<std::vector<std::optional<deposit_status>>> done) {
  std::optional<std::vector<std::optional<deposit_status>>> known;
  {
    const std::lock_guard lock{mutex_};
    if (!down_) {
      std::vector<std::optional<deposit_status>> seen;
      for (const auto& id : signatures) {
        const auto found = statuses_.find(id);
        seen.push_back(found == statuses_.end() ? std::nullopt : std::optional{found->second});
      }
      known = std::move(seen);
    }
  }
  answer([known, done = std::move(done)] { done(observed(known)); });
}

void fake_gateway::broadcast(const solana::bytes& transaction, const solana::signature& id, bool /*again*/) {
  std::function<void(const solana::signature&)> hook;
  {
    const std::lock_guard lock{mutex_};
    hook = hook_;
  }
  if (hook)
    hook(id);
  const std::lock_guard lock{mutex_};
  ++broadcasts_;
  switch (deposit_end_) {
    case deposit_end::never_lands:
      break;
    case deposit_end::fails:
      statuses_[id] = {landing_slot, true, R"({"InstructionError":[0,{"Custom":1}]})"};
      break;
    case deposit_end::lands:
    case deposit_end::wrong_owner:
      statuses_[id] = {landing_slot, true, std::nullopt};
      accounts_.insert(landed_account(transaction, deposit_end_ == deposit_end::wrong_owner));
      break;
  }
}

void fake_gateway::set_deposit_end(deposit_end end) {
  const std::lock_guard lock{mutex_};
  deposit_end_ = end;
}
void fake_gateway::set_silent(bool silent) {
  std::vector<std::function<void()>> now;
  {
    const std::lock_guard lock{mutex_};
    silent_ = silent;
    if (!silent)
      now.swap(unanswered_);
  }
  for (const auto& send : now)
    send();
}
std::size_t fake_gateway::unanswered() const {
  const std::lock_guard lock{mutex_};
  return unanswered_.size();
}
void fake_gateway::set_down(bool down) {
  const std::lock_guard lock{mutex_};
  down_ = down;
}
void fake_gateway::set_account(const solana::pubkey& key, account_info account) {
  const std::lock_guard lock{mutex_};
  accounts_.insert_or_assign(key, std::move(account));
}
void fake_gateway::on_broadcast(std::function<void(const solana::signature&)> hook) {
  const std::lock_guard lock{mutex_};
  hook_ = std::move(hook);
}
std::size_t fake_gateway::broadcasts() const {
  const std::lock_guard lock{mutex_};
  return broadcasts_;
}

void fake_prices::price_usd(const std::string&, price_done done) {
  std::optional<domain::decimal> price;
  {
    const std::lock_guard lock{mutex_};
    price = domain::decimal::parse(price_);
  }
  done(price ? price_result{*price} : price_result{domain::failure{std::string{"no price today"}}});
}
void fake_prices::set(std::string price) {
  const std::lock_guard lock{mutex_};
  price_ = std::move(price);
}

}  // namespace landfall::executor::api
