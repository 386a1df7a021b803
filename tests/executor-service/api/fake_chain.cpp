#include "tests/executor-service/api/fake_chain.hpp"

#include <doctest/doctest.h>

#include "common/solana/programs.hpp"
#include "common/solana/system.hpp"
#include "common/solana/transaction.hpp"
#include "tests/executor-service/api/deposit/token_account_bytes.hpp"

namespace landfall::executor::api {

namespace {

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

chain_result<latest_blockhash_view> fake_chain::latest_blockhash() {
  const std::lock_guard lock{mutex_};
  if (down_)
    return domain::failure{not_observed};
  return latest_blockhash_view{400, solana::blockhash{{9, 9, 9}}, 550};
}

chain_result<std::uint64_t> fake_chain::token_account_rent() {
  const std::lock_guard lock{mutex_};
  if (down_)
    return domain::failure{not_observed};
  return std::uint64_t{rent};
}

chain_result<std::optional<account_info>> fake_chain::account(const solana::pubkey& key,
                                                              std::optional<std::uint64_t> min_context_slot) {
  const std::lock_guard lock{mutex_};
  if (down_ || min_context_slot > landing_slot)
    return domain::failure{not_observed};
  const auto found = accounts_.find(key);
  return found == accounts_.end() ? std::optional<account_info>{} : std::optional{found->second};
}

chain_result<std::vector<std::optional<deposit_status>>> fake_chain::statuses(
    const std::vector<solana::signature>& signatures, bool) {
  const std::lock_guard lock{mutex_};
  if (down_)
    return domain::failure{not_observed};
  std::vector<std::optional<deposit_status>> seen;
  for (const auto& id : signatures) {
    const auto found = statuses_.find(id);
    seen.push_back(found == statuses_.end() ? std::nullopt : std::optional{found->second});
  }
  return seen;
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

domain::result<domain::decimal, std::string> fake_prices::price_usd(const std::string&) {
  const std::lock_guard lock{mutex_};
  if (const auto price = domain::decimal::parse(price_))
    return *price;
  return domain::failure{std::string{"no price today"}};
}
void fake_prices::set(std::string price) {
  const std::lock_guard lock{mutex_};
  price_ = std::move(price);
}

}  // namespace landfall::executor::api
