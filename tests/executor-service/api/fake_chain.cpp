#include "tests/executor-service/api/fake_chain.hpp"

#include <doctest/doctest.h>

#include <array>

#include "common/solana/programs.hpp"
#include "common/solana/system.hpp"
#include "common/solana/transaction.hpp"
#include "tests/executor-service/api/deposit/token_account_bytes.hpp"

namespace landfall::executor::api {

namespace {

std::array<std::uint8_t, 32> filled(std::uint8_t value) {
  std::array<std::uint8_t, 32> bytes{};
  bytes.fill(value);
  return bytes;
}

constexpr std::uint64_t rent = 2'039'280;
constexpr std::uint64_t landing_slot = 500;
const chain_error not_observed{"the fake chain is down"};

/// What a crafted SOL deposit makes: its account, and what is in it.
std::pair<solana::pubkey, account_info> landed_account(const solana::bytes& wire, bool astray) {
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
  account_info account;
  account.lamports = funding->lamports;
  account.owner = solana::programs::token;
  account.data = token_account_bytes(setup.accounts.at(1).key, astray ? tx->body.static_keys.at(0) : *owner,
                                     funding->lamports - rent);
  return {funding->to, account};
}

}  // namespace

void fake_chain::answer(std::function<void()> send) {
  {
    const std::lock_guard lock{mutex_};
    if (silent_) {
      unanswered_.push_back(std::move(send));
      return;
    }
  }
  send();
}

void fake_chain::latest_blockhash(chain_done<latest_blockhash_view> done) {
  chain_result<latest_blockhash_view> result = domain::failure{not_observed};
  {
    const std::lock_guard lock{mutex_};
    if (!down_)
      result = latest_blockhash_view{400, solana::blockhash{filled(9)}, 550};
  }
  answer([result, done = std::move(done)] { done(result); });
}

void fake_chain::token_account_rent(chain_done<std::uint64_t> done) {
  chain_result<std::uint64_t> result = domain::failure{not_observed};
  {
    const std::lock_guard lock{mutex_};
    if (!down_)
      result = std::uint64_t{rent};
  }
  answer([result, done = std::move(done)] { done(result); });
}

void fake_chain::account(const solana::pubkey& key, std::optional<std::uint64_t> min_context_slot,
                         chain_done<std::optional<account_info>> done) {
  chain_result<std::optional<account_info>> result = domain::failure{not_observed};
  {
    const std::lock_guard lock{mutex_};
    if (!down_ && !(min_context_slot > landing_slot)) {
      const auto found = accounts_.find(key);
      result = found == accounts_.end() ? std::optional<account_info>{} : std::optional{found->second};
    }
  }
  answer([result, done = std::move(done)] { done(result); });
}

void fake_chain::statuses(const std::vector<solana::signature>& signatures, bool,
                          chain_done<std::vector<std::optional<deposit_status>>> done) {
  chain_result<std::vector<std::optional<deposit_status>>> result = domain::failure{not_observed};
  {
    const std::lock_guard lock{mutex_};
    if (!down_) {
      std::vector<std::optional<deposit_status>> seen;
      for (const auto& id : signatures) {
        const auto found = statuses_.find(id);
        seen.push_back(found == statuses_.end() ? std::nullopt : std::optional{found->second});
      }
      result = std::move(seen);
    }
  }
  answer([result, done = std::move(done)] { done(result); });
}

void fake_chain::broadcast(const solana::bytes& transaction, const solana::signature& id, bool /*again*/) {
  std::function<void(const solana::signature&)> hook;
  {
    const std::lock_guard lock{mutex_};
    hook = hook_;
  }
  if (hook)
    hook(id);
  const std::lock_guard lock{mutex_};
  ++broadcasts_;
  switch (fate_) {
    case fate::vanishes:
      break;
    case fate::fails:
      statuses_[id] = {landing_slot, true, R"({"InstructionError":[0,{"Custom":1}]})"};
      break;
    case fate::lands:
    case fate::goes_astray:
      statuses_[id] = {landing_slot, true, std::nullopt};
      accounts_.insert(landed_account(transaction, fate_ == fate::goes_astray));
      break;
  }
}

void fake_chain::set_fate(fate f) {
  const std::lock_guard lock{mutex_};
  fate_ = f;
}
void fake_chain::set_silent(bool silent) {
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
std::size_t fake_chain::unanswered() const {
  const std::lock_guard lock{mutex_};
  return unanswered_.size();
}
void fake_chain::set_down(bool down) {
  const std::lock_guard lock{mutex_};
  down_ = down;
}
void fake_chain::set_account(const solana::pubkey& key, account_info account) {
  const std::lock_guard lock{mutex_};
  accounts_.insert_or_assign(key, std::move(account));
}
void fake_chain::on_broadcast(std::function<void(const solana::signature&)> hook) {
  const std::lock_guard lock{mutex_};
  hook_ = std::move(hook);
}
std::size_t fake_chain::broadcasts() const {
  const std::lock_guard lock{mutex_};
  return broadcasts_;
}

void fake_prices::price_usd(const std::string&, price_done done) {
  price_result result = domain::failure{std::string{"no price today"}};
  {
    const std::lock_guard lock{mutex_};
    if (const auto price = domain::decimal::parse(price_))
      result = *price;
  }
  done(result);
}
void fake_prices::set(std::string price) {
  const std::lock_guard lock{mutex_};
  price_ = std::move(price);
}

}  // namespace landfall::executor::api
