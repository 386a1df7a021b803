#include <doctest/doctest.h>

#include <string>

#include "common/solana/base64.hpp"
#include "common/solana/programs.hpp"
#include "executor-service/api/deposit_transaction.hpp"
#include "tests/executor-service/api/api_harness.hpp"

namespace landfall::executor::api {
namespace {

const std::string sol{landfall::tests::sol_mint};
const std::string usdc{landfall::tests::usdc_mint};

std::string craft_body(const solana::pubkey& wallet, const std::string& amount = "1000000000",
                       const std::string& input = sol, const std::string& output = usdc) {
  return R"({"inputMint":")" + input + R"(","outputMint":")" + output + R"(","userAddress":")" + wallet.to_string() +
         R"(","amount":")" + amount + R"(","orderType":"price","orderSubType":"single"})";
}

std::string requests_stored(api_harness& api) {
  return api.value("select count(*) from deposit_request");
}

TEST_SUITE("deposits") {
  TEST_CASE("a crafted deposit is what is stored, byte for byte") {
    api_harness api;
    const auto& key = api.new_wallet();
    const auto made = api.as(key.public_key(), "POST", "/deposit/craft", craft_body(key.public_key()));
    REQUIRE(made.status == 200);
    CHECK(made.text("mint") == sol);
    CHECK(made.text("amount") == "1000000000");
    CHECK(json::as_i64(json::find(made.json, "tokenDecimals")) == 9);
    const auto request = domain::deposit_request_id::parse(made.text("requestId"));
    REQUIRE(request.has_value());
    CHECK(made.text("inputTokenAccount") ==
          order_account_of(key.public_key(), *request, solana::programs::token).to_string());

    const auto tx = solana::parse_transaction(*solana::base64_decode(made.text("transaction"), 1232));
    REQUIRE(tx.ok());
    CHECK(tx->id().is_zero());
    const auto id = made.text("requestId");
    CHECK(api.value("select encode(message, 'base64') from deposit_request where id = $1", id).size() > 0);
    CHECK(api.value("select replace(encode(message, 'base64'), E'\\n', '') from deposit_request where id = $1", id) ==
          solana::base64_encode(solana::message_bytes(*tx)));
    CHECK(api.value("select extract(epoch from expires_at - created_at)::int from deposit_request where id = $1", id) ==
          "120");
    CHECK(api.value("select order_account from deposit_request where id = $1", id) == made.text("inputTokenAccount"));
    CHECK(api.value("select last_valid_block_height from deposit_request where id = $1", id) == "550");
  }

  TEST_CASE("a deposit below 10 USD is refused with its worth") {
    api_harness api;
    const auto& key = api.new_wallet();
    const auto refused = api.as(key.public_key(), "POST", "/deposit/craft", craft_body(key.public_key(), "49999999"));
    CHECK(refused.status == 400);
    CHECK(refused.text("error") == "Order must be at least 10 USD (current value: 9.99 USD)");
    CHECK(api.as(key.public_key(), "POST", "/deposit/craft", craft_body(key.public_key(), "1")).text("error") ==
          "Order must be at least 10 USD (current value: 0.00 USD)");
    CHECK(requests_stored(api) == "0");
    CHECK(api.as(key.public_key(), "POST", "/deposit/craft", craft_body(key.public_key(), "50000000")).status == 200);
  }

  TEST_CASE("without a price or without Solana nothing is stored") {
    api_harness api;
    const auto& key = api.new_wallet();
    api.prices->set("");
    CHECK(api.as(key.public_key(), "POST", "/deposit/craft", craft_body(key.public_key())).status == 503);
    api.prices->set("200");
    api.chain->set_down(true);
    const auto refused = api.as(key.public_key(), "POST", "/deposit/craft", craft_body(key.public_key()));
    CHECK(refused.status == 503);
    CHECK(refused.headers.contains("Retry-After"));
    CHECK(requests_stored(api) == "0");
    api.chain->set_down(false);
    CHECK(api.as(key.public_key(), "POST", "/deposit/craft", craft_body(key.public_key())).status == 200);
  }

  TEST_CASE("only the wallet itself, with a vault, may craft") {
    api_harness api;
    const auto& key = api.new_wallet();
    const auto other = *solana::pubkey::parse(landfall::tests::address_of(77));
    CHECK(api.as(key.public_key(), "POST", "/deposit/craft", craft_body(other)).status == 403);
    CHECK(api.as(other, "POST", "/deposit/craft", craft_body(other)).status == 403);
    CHECK(requests_stored(api) == "0");
  }

  TEST_CASE("a vault whose key we could not derive takes no deposit") {
    api_harness api;
    const auto wallet = *solana::pubkey::parse(landfall::tests::address_of(77));
    {
      pqxx::work work{api.rows.as("api")};
      work.exec_params("insert into vault (wallet, vault) values ($1, $2)", wallet.to_string(),
                       landfall::tests::address_of(78));
      work.commit();
    }
    CHECK(api.as(wallet, "POST", "/deposit/craft", craft_body(wallet)).status == 500);
    CHECK(requests_stored(api) == "0");
  }

  TEST_CASE("tokens have to be listed, enabled, and of the plain token program") {
    api_harness api;
    const auto& key = api.new_wallet();
    const auto unlisted = landfall::tests::address_of(5);
    const auto craft = [&](const std::string& input, const std::string& output) {
      return api.as(key.public_key(), "POST", "/deposit/craft",
                    craft_body(key.public_key(), "1000000000", input, output));
    };
    const auto details = [](const answer& a, std::string_view field) {
      return std::string{json::as_string(json::find(json::find(a.json, "details"), field)).value_or("")};
    };
    CHECK(details(craft(unlisted, usdc), "inputMint") == "Token is not supported");
    CHECK(details(craft(sol, unlisted), "outputMint") == "Token is not supported");

    account_info mint;
    mint.owner = solana::programs::token_2022;
    mint.data = solana::bytes(200, 0);
    api.chain->set_account(*solana::pubkey::parse(unlisted), mint);
    const auto list = [&](const std::string& program) {
      pqxx::work work{api.rows.as("operator")};
      work.exec_params(R"(insert into token (mint, symbol, decimals, token_program, price_feed_id)
                          values ($1, 'NEW', 6, $2, repeat('c', 64))
                          on conflict (mint) do update set token_program = $2)",
                       unlisted, program);
      work.commit();
    };
    list(solana::programs::token_2022.to_string());
    CHECK(details(craft(sol, unlisted), "outputMint").find("SPL Token") != std::string::npos);
    // The list may be wrong about it: the chain decides.
    list(solana::programs::token.to_string());
    CHECK(details(craft(sol, unlisted), "outputMint").find("SPL Token") != std::string::npos);
    {
      pqxx::work work{api.rows.as("operator")};
      work.exec("update token set enabled = false where symbol = 'USDC'");
      work.commit();
    }
    CHECK(details(craft(sol, usdc), "outputMint") == "Token is not supported");
    CHECK(requests_stored(api) == "0");
  }

  TEST_CASE("a key repeats its answer and belongs to one body") {
    api_harness api;
    const auto& key = api.new_wallet();
    const auto wallet = key.public_key();
    const auto first = api.as(wallet, "POST", "/deposit/craft", craft_body(wallet), {{"idempotency-key", "craft-1"}});
    REQUIRE(first.status == 200);
    const auto second = api.as(wallet, "POST", "/deposit/craft", craft_body(wallet), {{"idempotency-key", "craft-1"}});
    CHECK(second.status == 200);
    CHECK(second.body == first.body);
    CHECK(requests_stored(api) == "1");
    const auto other =
        api.as(wallet, "POST", "/deposit/craft", craft_body(wallet, "2000000000"), {{"idempotency-key", "craft-1"}});
    CHECK(other.status == 409);
    CHECK(other.text("error") == "Idempotency-Key was already used with a different request");
    CHECK(requests_stored(api) == "1");
    CHECK(api.as(wallet, "POST", "/deposit/craft", craft_body(wallet), {{"idempotency-key", "a\tb"}}).status == 400);
  }

  TEST_CASE("a refused request leaves its key free") {
    api_harness api;
    const auto& key = api.new_wallet();
    const auto wallet = key.public_key();
    CHECK(api.as(wallet, "POST", "/deposit/craft", craft_body(wallet, "1"), {{"idempotency-key", "k"}}).status == 400);
    CHECK(api.as(wallet, "POST", "/deposit/craft", craft_body(wallet), {{"idempotency-key", "k"}}).status == 200);
  }
}

}  // namespace
}  // namespace landfall::executor::api
