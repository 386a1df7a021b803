#include "tests/executor-service/api/api_harness.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <future>

#include "common/solana/base64.hpp"
#include "common/solana/programs.hpp"
#include "common/solana/system.hpp"
#include "executor-service/api/token.hpp"
#include "tests/executor-service/api/token_account_bytes.hpp"

namespace landfall::executor::api {

namespace {

constexpr std::uint64_t rent = 2'039'280;
constexpr std::uint64_t landing_slot = 500;
const chain_error not_observed{"the fake chain is down"};

std::array<std::uint8_t, 32> filled(std::uint8_t value) {
  std::array<std::uint8_t, 32> bytes{};
  bytes.fill(value);
  return bytes;
}

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

solana::bytes mint_bytes(int decimals) {
  solana::bytes data(82, 0);
  data[44] = static_cast<std::uint8_t>(decimals);
  data[45] = 1;
  return data;
}

}  // namespace

chain_result<latest_blockhash_view> fake_chain::latest_blockhash() {
  const std::lock_guard lock{mutex_};
  if (down_)
    return domain::failure{not_observed};
  return latest_blockhash_view{400, solana::blockhash{filled(9)}, 550};
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

api_harness::api_harness(std::function<void(config&)> adjust)
    : rows(database),
      clock(std::make_shared<runtime::manual_clock>(runtime::system_clock_source{}.now())),
      adjust_(std::move(adjust)) {
  solana::initialize_crypto();
  master = std::make_shared<master_secret>(filled(42));
  for (const auto& [mint, decimals] : {std::pair{landfall::tests::sol_mint, 9}, {landfall::tests::usdc_mint, 6}}) {
    account_info account;
    account.owner = solana::programs::token;
    account.data = mint_bytes(decimals);
    chain->set_account(*solana::pubkey::parse(mint), std::move(account));
  }
  server = another_server();
}

std::unique_ptr<api_server> api_harness::another_server() {
  config c;
  c.instance = "api-test";
  c.database.conninfo = database.conninfo("landfall_api");
  c.database.application_name = "api-test";
  c.workers = 4;
  c.deposits.wait = std::chrono::seconds{50};
  c.deposits.poll = std::chrono::milliseconds{5};
  if (adjust_)
    adjust_(c);
  return std::make_unique<api_server>(std::move(c), dependencies{chain, prices, clock, master, nullptr});
}

answer api_harness::call_on(api_server& on, const std::string& method, const std::string& path, const std::string& body,
                            const header_map& headers) {
  net::http_server_request request;
  request.method = method;
  request.remote_address = "127.0.0.1";
  request.body = body;
  request.headers = headers;
  const auto question = path.find('?');
  request.path = path.substr(0, question);
  if (question != std::string::npos) {
    std::string rest = path.substr(question + 1);
    while (!rest.empty()) {
      const auto pair = rest.substr(0, rest.find('&'));
      rest = rest.size() > pair.size() ? rest.substr(pair.size() + 1) : "";
      const auto equals = pair.find('=');
      request.query[pair.substr(0, equals)] = pair.substr(equals + 1);
    }
  }
  // The longest literal pattern wins, as in the server.
  const endpoint* chosen = nullptr;
  for (const auto& e : on.endpoints()) {
    if (e.method != method)
      continue;
    const auto brace = e.pattern.find('{');
    const auto prefix = "/trigger/v2" + request.path;
    const bool literal = brace == std::string::npos && e.pattern == prefix;
    const bool matches = brace != std::string::npos && prefix.size() > brace &&
                         prefix.compare(0, brace, e.pattern, 0, brace) == 0 &&
                         prefix.find('/', brace) == std::string::npos;
    if (literal || (matches && chosen == nullptr)) {
      chosen = &e;
      if (matches) {
        const auto name = e.pattern.substr(brace + 1, e.pattern.size() - brace - 2);
        request.path_params = {{name, prefix.substr(brace)}};
      }
    }
  }
  REQUIRE_MESSAGE(chosen != nullptr, method, " ", path);
  auto promised = std::make_shared<std::promise<net::http_server_response>>();
  auto arrived = promised->get_future();
  chosen->handle(std::move(request),
                 [promised](net::http_server_response response) { promised->set_value(std::move(response)); });
  REQUIRE(arrived.wait_for(std::chrono::seconds{120}) == std::future_status::ready);
  const auto response = arrived.get();
  auto json = json::parse(response.body);
  REQUIRE(json.ok());
  return {response.status, response.body, std::move(json).value(), response.headers};
}

answer api_harness::call(const std::string& method, const std::string& path, const std::string& body,
                         const header_map& headers) {
  return call_on(*server, method, path, body, headers);
}

answer api_harness::as(const solana::pubkey& wallet, const std::string& method, const std::string& path,
                       const std::string& body, header_map headers) {
  headers["authorization"] = "Bearer " + session(wallet);
  return call(method, path, body, headers);
}

std::string api_harness::session(const solana::pubkey& wallet) const {
  return issue_token(derive_token_key(master->bytes()), wallet, clock->now(), std::chrono::hours{24});
}

const solana::keypair& api_harness::new_wallet() {
  auto key = solana::keypair::from_seed(filled(static_cast<std::uint8_t>(100 + seeds_++)));
  REQUIRE(key.ok());
  wallets_.reserve(64);
  wallets_.push_back(std::move(key).value());
  CHECK(as(wallets_.back().public_key(), "GET", "/vault/register").status == 201);
  return wallets_.back();
}

api_harness::crafted api_harness::craft(const solana::keypair& wallet) {
  const auto made =
      as(wallet.public_key(), "POST", "/deposit/craft",
         R"({"inputMint":")" + std::string{landfall::tests::sol_mint} + R"(","outputMint":")" +
             std::string{landfall::tests::usdc_mint} + R"(","userAddress":")" + wallet.public_key().to_string() +
             R"(","amount":"1000000000","orderType":"price","orderSubType":"single"})");
  REQUIRE_MESSAGE(made.status == 200, made.body);
  return {made.text("requestId"), made.text("transaction"), made.text("inputTokenAccount"),
          made.text("receiverAddress")};
}

std::string api_harness::sign(const std::string& transaction, const solana::keypair& key) {
  const auto wire = solana::base64_decode(transaction, solana::max_transaction_bytes);
  REQUIRE(wire.ok());
  auto tx = solana::parse_transaction(*wire);
  REQUIRE(tx.ok());
  REQUIRE(solana::sign(*tx, key).ok());
  return solana::base64_encode(*solana::serialize(*tx));
}

std::string api_harness::create_body(const solana::keypair& wallet, const crafted& deposit, const std::string& price) {
  const std::string sol{landfall::tests::sol_mint};
  return R"({"orderType":"single","depositRequestId":")" + deposit.request_id + R"(","depositSignedTx":")" +
         sign(deposit.transaction, wallet) + R"(","userPubkey":")" + wallet.public_key().to_string() +
         R"(","inputMint":")" + sol + R"(","inputAmount":"1000000000","outputMint":")" +
         std::string{landfall::tests::usdc_mint} + R"(","triggerMint":")" + sol +
         R"(","triggerCondition":"above","triggerPriceUsd":)" + price + R"(,"slippageBps":100,"expiresAt":)" +
         std::to_string(domain::unix_ms(clock->now()) + 3'600'000) + "}";
}

std::string api_harness::value(const std::string& sql, const std::string& parameter) {
  pqxx::work work{rows.as("admin")};
  const auto result = parameter.empty() ? work.exec(sql) : work.exec_params(sql, parameter);
  return result.empty() || result[0][0].is_null() ? std::string{} : result[0][0].as<std::string>();
}

}  // namespace landfall::executor::api
