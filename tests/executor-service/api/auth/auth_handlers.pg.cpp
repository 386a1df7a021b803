#include <doctest/doctest.h>

#include <future>
#include <set>
#include <string>
#include <vector>

#include "common/solana/base58.hpp"
#include "common/solana/base64.hpp"
#include "common/solana/programs.hpp"
#include "tests/executor-service/api/api_fixture.hpp"
#include "tests/support/keypairs.hpp"

namespace landfall::executor::api {

using landfall::tests::keypair;
namespace {

std::string challenge_body(const solana::pubkey& wallet, const std::string& type) {
  return R"({"walletPubkey":")" + wallet.to_string() + R"(","type":")" + type + R"("})";
}

std::string message_proof(const solana::pubkey& wallet, const solana::signature& signature) {
  return R"({"type":"message","walletPubkey":")" + wallet.to_string() + R"(","signature":")" + signature.to_string() +
         R"("})";
}

std::string transaction_proof(const solana::pubkey& wallet, const std::string& signed_transaction) {
  return R"({"type":"transaction","walletPubkey":")" + wallet.to_string() + R"(","signedTransaction":")" +
         signed_transaction + R"("})";
}

solana::byte_view bytes_of(const std::string& text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

TEST_SUITE("authentication") {
  TEST_CASE("a signed message gives a session that works, once") {
    api_fixture api;
    const auto key = keypair(1);
    const auto wallet = key.public_key();
    const auto asked = api.call("POST", "/auth/challenge", challenge_body(wallet, "message"));
    REQUIRE(asked.status == 200);
    CHECK(asked.text("type") == "message");
    CHECK(api.value("select extract(epoch from expires_at - created_at)::int from auth_challenge") == "300");
    const auto proof = message_proof(wallet, key.sign(bytes_of(asked.text("challenge"))));
    const auto verified = api.call("POST", "/auth/verify", proof);
    REQUIRE(verified.status == 200);
    const header_map session{{"authorization", "Bearer " + verified.text("token")}};
    CHECK(api.call("GET", "/vault", "", session).status == 404);
    CHECK(api.call("GET", "/vault/register", "", session).status == 201);

    const auto again = api.call("POST", "/auth/verify", proof);
    CHECK(again.status == 400);
    CHECK(again.text("error") == "Challenge not found or expired. Please request a new challenge.");
  }

  TEST_CASE("of one proof sent many times at once, one gives a session") {
    api_fixture api;
    const auto key = keypair(1);
    for (int round = 0; round < 5; ++round) {
      const auto asked = api.call("POST", "/auth/challenge", challenge_body(key.public_key(), "message"));
      const auto proof = message_proof(key.public_key(), key.sign(bytes_of(asked.text("challenge"))));
      std::vector<std::future<answer>> calls;
      for (int i = 0; i < 4; ++i)
        calls.push_back(std::async(std::launch::async, [&] { return api.call("POST", "/auth/verify", proof); }));
      std::multiset<int> statuses;
      for (auto& c : calls)
        statuses.insert(c.get().status);
      CHECK(statuses == std::multiset<int>{200, 400, 400, 400});
    }
  }

  TEST_CASE("a signed memo transaction gives a session, once") {
    api_fixture api;
    const auto key = keypair(1);
    const auto asked = api.call("POST", "/auth/challenge", challenge_body(key.public_key(), "transaction"));
    REQUIRE(asked.status == 200);
    const auto proof = transaction_proof(key.public_key(), api_fixture::sign(asked.text("transaction"), key));
    CHECK(api.call("POST", "/auth/verify", proof).status == 200);
    CHECK(api.call("POST", "/auth/verify", proof).status == 400);
    CHECK(api.chain->broadcasts() == 0);
  }

  TEST_CASE("an address that cannot sign a transaction gets a sentence, and nothing is stored") {
    api_fixture api;
    const auto own = api.call("POST", "/auth/challenge", challenge_body(solana::programs::memo_v3, "transaction"));
    CHECK(own.status == 400);
    CHECK(own.body.find("cannot sign a transaction") != std::string::npos);
    pqxx::work work{api.rows.as("admin")};
    CHECK(work.exec1("select count(*) from auth_challenge where wallet = " +
                     work.quote(solana::programs::memo_v3.to_string()))[0]
              .as<int>() == 0);
  }

  TEST_CASE("a wrong signature is refused and uses nothing up") {
    api_fixture api;
    const auto key = keypair(1);
    const auto other = keypair(2);
    const auto wallet = key.public_key();
    const auto asked = api.call("POST", "/auth/challenge", challenge_body(wallet, "message"));
    const auto text = asked.text("challenge");
    CHECK(api.call("POST", "/auth/verify", message_proof(wallet, other.sign(bytes_of(text)))).status == 401);
    CHECK(api.call("POST", "/auth/verify", message_proof(wallet, key.sign(bytes_of(text + " ")))).status == 401);
    CHECK(api.call("POST", "/auth/verify", message_proof(wallet, solana::signature{})).status == 401);
    CHECK(api.call("POST", "/auth/verify", message_proof(other.public_key(), other.sign(bytes_of(text)))).status ==
          400);
    CHECK(api.call("POST", "/auth/verify", message_proof(wallet, key.sign(bytes_of(text)))).status == 200);
  }

  TEST_CASE("another transaction than the one asked for is no proof") {
    api_fixture api;
    const auto& depositor = api.new_wallet();
    api.call("POST", "/auth/challenge", challenge_body(depositor.public_key(), "transaction"));
    const auto deposit = api.craft(depositor);
    CHECK(api.call("POST", "/auth/verify",
                   transaction_proof(depositor.public_key(), api_fixture::sign(deposit.transaction, depositor)))
              .status == 401);
    const auto unsigned_challenge =
        api.call("POST", "/auth/challenge", challenge_body(depositor.public_key(), "transaction"));
    CHECK(api.call("POST", "/auth/verify",
                   transaction_proof(depositor.public_key(), unsigned_challenge.text("transaction")))
              .status == 401);
  }

  TEST_CASE("a challenge that ran out is refused") {
    api_fixture api;
    const auto key = keypair(1);
    const auto asked = api.call("POST", "/auth/challenge", challenge_body(key.public_key(), "message"));
    {
      pqxx::work work{api.rows.as("admin")};
      // No role may write this.
      work.exec("set local session_replication_role = replica");
      work.exec("update auth_challenge set expires_at = clock_timestamp()");
      work.commit();
    }
    CHECK(api.call("POST", "/auth/verify", message_proof(key.public_key(), key.sign(bytes_of(asked.text("challenge")))))
              .status == 400);
  }

  TEST_CASE("an older challenge still counts after newer ones were asked for, and each is another") {
    api_fixture api;
    const auto key = keypair(1);
    std::vector<std::string> given;
    for (int i = 0; i < 8; ++i)
      given.push_back(
          api.call("POST", "/auth/challenge", challenge_body(key.public_key(), "message")).text("challenge"));
    CHECK(std::set<std::string>(given.begin(), given.end()).size() == 8);
    for (const auto& text : given)
      CHECK(api.call("POST", "/auth/verify", message_proof(key.public_key(), key.sign(bytes_of(text)))).status == 200);
  }

  TEST_CASE("whoever asks for many challenges of a wallet does not lock its owner out") {
    for (const std::string type : {"message", "transaction"}) {
      CAPTURE(type);
      api_fixture api;
      const auto key = keypair(1);
      const auto wallet = key.public_key();
      const auto ask = [&] { return api.call("POST", "/auth/challenge", challenge_body(wallet, type)); };
      const auto prove = [&](const answer& asked) {
        return type == "message"
                   ? api.call("POST", "/auth/verify",
                              message_proof(wallet, key.sign(bytes_of(asked.text("challenge")))))
                   : api.call("POST", "/auth/verify",
                              transaction_proof(wallet, api_fixture::sign(asked.text("transaction"), key)));
      };
      const auto owners = ask();
      std::vector<std::future<void>> strangers;
      for (int i = 0; i < 4; ++i)
        strangers.push_back(std::async(std::launch::async, [&] {
          for (int n = 0; n < 20; ++n)
            CHECK(ask().status == 200);
        }));
      for (auto& s : strangers)
        s.get();
      CHECK(api.value("select count(*) from auth_challenge") == "8");
      // What is handed out again works like any other, once.
      const auto shared = ask();
      CHECK(ask().body == shared.body);
      CHECK(prove(shared).status == 200);
      CHECK(prove(shared).status == 401);
      CHECK(prove(owners).status == 200);
      // Another kind, and another wallet, have their own.
      CHECK(api.call("POST", "/auth/challenge", challenge_body(keypair(2).public_key(), type)).status == 200);
      CHECK(api.value("select count(*) from auth_challenge") == "9");

      // After a minute new ones are given, while the old ones still count.
      const auto kept = ask();
      {
        pqxx::work work{api.rows.as("admin")};
        // No role may write this.
        work.exec("set local session_replication_role = replica");
        work.exec(
            "update auth_challenge set created_at = created_at - interval '61 seconds', "
            "expires_at = expires_at - interval '61 seconds'");
        work.commit();
      }
      CHECK(ask().body != kept.body);
      CHECK(prove(kept).status == 200);
    }
  }

  TEST_CASE("a session ends after a day") {
    api_fixture api;
    const auto key = keypair(1);
    const header_map session{{"authorization", "Bearer " + api.session(key.public_key())}};
    CHECK(api.call("GET", "/vault", "", session).status == 404);
    api.clock->advance(std::chrono::hours{24});
    const auto late = api.call("GET", "/vault", "", session);
    CHECK(late.status == 401);
    CHECK(late.body == R"({"error":"Unauthorized"})");
  }

  TEST_CASE("every route but those under auth wants a session") {
    api_fixture api;
    for (const auto& [method, path] :
         std::vector<std::pair<std::string, std::string>>{{"GET", "/vault"},
                                                          {"GET", "/vault/register"},
                                                          {"POST", "/deposit/craft"},
                                                          {"POST", "/orders/price"},
                                                          {"GET", "/orders/history"},
                                                          {"GET", "/orders/price/01234567-89ab-cdef-0123-456789abcdef"},
                                                          {"GET", "/orders/price/by-key/k"}}) {
      CAPTURE(path);
      for (const std::string header : {"", "Bearer ", "Bearer x", "Basic abc", "Bearer eyJhbGciOiJub25lIn0.e30."}) {
        const auto refused = api.call(method, path, "{}", {{"authorization", header}});
        CHECK(refused.status == 401);
        CHECK(refused.body == R"({"error":"Unauthorized"})");
      }
    }
  }

  TEST_CASE("API keys are asked for only where they are configured") {
    api_fixture open;
    CHECK(open.call("POST", "/auth/challenge", challenge_body(keypair(1).public_key(), "message"),
                    {{"x-api-key", "whatever"}})
              .status == 200);
    api_fixture closed{[](config& c) { c.api_keys = {"alpha", "beta"}; }};
    const auto body = challenge_body(keypair(1).public_key(), "message");
    for (const std::string key : {"", "gamma", "alph", "alphaa"}) {
      const auto refused = closed.call("POST", "/auth/challenge", body, {{"x-api-key", key}});
      CHECK(refused.status == 401);
      CHECK(json::as_i64(json::find(refused.json, "code")) == 401);
      CHECK(refused.text("message") != "(none)");
    }
    CHECK(closed.call("POST", "/auth/challenge", body, {{"x-api-key", "beta"}}).status == 200);
  }

  TEST_CASE("too many calls of a wallet wait, with the time to wait") {
    api_fixture api{[](config& c) { c.wallet_limit = {.per_second = 1, .burst = 2}; }};
    const auto wallet = keypair(1).public_key();
    CHECK(api.as(wallet, "GET", "/vault").status == 404);
    CHECK(api.as(wallet, "GET", "/vault").status == 404);
    const auto refused = api.as(wallet, "GET", "/vault");
    CHECK(refused.status == 429);
    CHECK(refused.headers.at("Retry-After") == "1");
    CHECK(refused.text("error") == "Too many requests");
    CHECK(api.as(keypair(2).public_key(), "GET", "/vault").status == 404);
    api.clock->advance(std::chrono::seconds{1});
    CHECK(api.as(wallet, "GET", "/vault").status == 404);
  }
}

}  // namespace
}  // namespace landfall::executor::api
