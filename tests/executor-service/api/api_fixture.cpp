#include "tests/executor-service/api/api_fixture.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <future>

#include "common/solana/base64.hpp"
#include "common/solana/crypto.hpp"
#include "common/solana/programs.hpp"
#include "executor-service/api/auth/session_token.hpp"
#include "tests/support/keypairs.hpp"

namespace landfall::executor::api {

namespace {

solana::bytes mint_bytes(int decimals) {
  solana::bytes data(82, 0);
  data[44] = static_cast<std::uint8_t>(decimals);
  data[45] = 1;
  return data;
}

/// The longest literal pattern wins, as in the server; fills in the parameters of the path.
const endpoint* endpoint_of(const api_server& on, net::http_server_request& request) {
  const endpoint* chosen = nullptr;
  for (const auto& e : on.endpoints()) {
    if (e.method != request.method)
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
  return chosen;
}

}  // namespace

api_fixture::api_fixture(std::function<void(config&)> adjust)
    : rows(database),
      clock(std::make_shared<runtime::manual_clock>(runtime::system_clock_source{}.now())),
      adjust_(std::move(adjust)) {
  solana::initialize_crypto();
  master = std::make_shared<master_secret>(landfall::tests::filled<32>(42));
  for (const auto& [mint, decimals] : {std::pair{landfall::tests::sol_mint, 9}, {landfall::tests::usdc_mint, 6}}) {
    account_info account;
    account.owner = solana::programs::token;
    account.data = mint_bytes(decimals);
    chain->set_account(*solana::pubkey::parse(mint), std::move(account));
  }
  server = another_server();
}

std::unique_ptr<api_server> api_fixture::another_server() {
  config c;
  c.instance = "api-test";
  c.database.conninfo = database.conninfo("landfall_api");
  c.database.application_name = "api-test";
  c.workers = 4;
  c.deposits.wait = std::chrono::seconds{50};
  c.deposits.poll = std::chrono::milliseconds{5};
  if (adjust_)
    adjust_(c);
  return std::make_unique<api_server>(actors.system, std::move(c), dependencies{chain, prices, clock, master, nullptr});
}

answer api_fixture::call_on(api_server& on, const std::string& method, const std::string& path, const std::string& body,
                            const header_map& headers) {
  return start_on(on, method, path, body, headers).get();
}

pending_answer api_fixture::start_on(api_server& on, const std::string& method, const std::string& path,
                                     const std::string& body, const header_map& headers) {
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
  const auto* chosen = endpoint_of(on, request);
  REQUIRE_MESSAGE(chosen != nullptr, method, " ", path);
  auto promised = std::make_shared<std::promise<net::http_server_response>>();
  pending_answer pending{promised->get_future()};
  chosen->handle(std::move(request),
                 [promised](net::http_server_response response) { promised->set_value(std::move(response)); });
  return pending;
}

answer pending_answer::get() {
  REQUIRE(arrived.wait_for(std::chrono::seconds{120}) == std::future_status::ready);
  const auto response = arrived.get();
  auto json = json::parse(response.body);
  REQUIRE(json.ok());
  return {response.status, response.body, std::move(json).value(), response.headers};
}

bool pending_answer::is_open() const {
  return arrived.wait_for(std::chrono::seconds{0}) == std::future_status::timeout;
}

answer api_fixture::call(const std::string& method, const std::string& path, const std::string& body,
                         const header_map& headers) {
  return call_on(*server, method, path, body, headers);
}

answer api_fixture::as(const solana::pubkey& wallet, const std::string& method, const std::string& path,
                       const std::string& body, header_map headers) {
  headers["authorization"] = "Bearer " + session(wallet);
  return call(method, path, body, headers);
}

std::string api_fixture::session(const solana::pubkey& wallet) const {
  return issue_token(derive_session_key(master->bytes()), wallet, clock->now(), std::chrono::hours{24});
}

const solana::keypair& api_fixture::new_wallet() {
  wallets_.reserve(64);
  wallets_.push_back(landfall::tests::keypair(static_cast<std::uint8_t>(100 + seeds_++)));
  CHECK(as(wallets_.back().public_key(), "GET", "/vault/register").status == 201);
  return wallets_.back();
}

api_fixture::crafted api_fixture::craft(const solana::keypair& wallet) {
  const auto made =
      as(wallet.public_key(), "POST", "/deposit/craft",
         R"({"inputMint":")" + std::string{landfall::tests::sol_mint} + R"(","outputMint":")" +
             std::string{landfall::tests::usdc_mint} + R"(","userAddress":")" + wallet.public_key().to_string() +
             R"(","amount":"1000000000","orderType":"price","orderSubType":"single"})");
  REQUIRE_MESSAGE(made.status == 200, made.body);
  return {made.text("requestId"), made.text("transaction"), made.text("inputTokenAccount"),
          made.text("receiverAddress")};
}

std::string api_fixture::sign(const std::string& transaction, const solana::keypair& key) {
  const auto wire = solana::base64_decode(transaction, solana::max_transaction_bytes);
  REQUIRE(wire.ok());
  auto tx = solana::parse_transaction(*wire);
  REQUIRE(tx.ok());
  REQUIRE(solana::sign(*tx, key).ok());
  return solana::base64_encode(*solana::serialize(*tx));
}

std::string api_fixture::create_body(const solana::keypair& wallet, const crafted& deposit, const std::string& price) {
  const std::string sol{landfall::tests::sol_mint};
  return R"({"orderType":"single","depositRequestId":")" + deposit.request_id + R"(","depositSignedTx":")" +
         sign(deposit.transaction, wallet) + R"(","userPubkey":")" + wallet.public_key().to_string() +
         R"(","inputMint":")" + sol + R"(","inputAmount":"1000000000","outputMint":")" +
         std::string{landfall::tests::usdc_mint} + R"(","triggerMint":")" + sol +
         R"(","triggerCondition":"above","triggerPriceUsd":)" + price + R"(,"slippageBps":100,"expiresAt":)" +
         std::to_string(domain::unix_ms(clock->now()) + 3'600'000) + "}";
}

std::string api_fixture::value(const std::string& sql, const std::string& parameter) {
  pqxx::work work{rows.as("admin")};
  const auto result = parameter.empty() ? work.exec(sql) : work.exec_params(sql, parameter);
  return result.empty() || result[0][0].is_null() ? std::string{} : result[0][0].as<std::string>();
}

}  // namespace landfall::executor::api
