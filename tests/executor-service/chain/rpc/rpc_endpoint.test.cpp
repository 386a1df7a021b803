#include "executor-service/chain/rpc/rpc_endpoint.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "common/solana/base64.hpp"
#include "common/solana/system.hpp"
#include "common/solana/transaction.hpp"
#include "tests/support/answer_of.hpp"
#include "tests/support/keypairs.hpp"
#include "tests/support/scripted_server.hpp"

namespace landfall::executor {

namespace {

using landfall::tests::answer_of;

scripted_server& node() {
  static scripted_server server{{{"POST", "/"}, {"POST", "/keyed/path"}}};
  return server;
}

rpc_endpoint& endpoint() {
  static rpc_endpoint e{
      "node", node().url(), {.timeout_ms = 60'000, .max_response_bytes = 64 * 1024, .max_account_bytes = 1'024}};
  return e;
}

using landfall::tests::filled;
using landfall::tests::key;

solana::signature signature(std::uint8_t n) {
  return solana::signature{filled<64>(n)};
}
const std::string hash_text = solana::blockhash{filled<32>(9)}.to_string();

std::string quoted(const std::string& text) {
  return '"' + text + '"';
}
std::string in_context(const std::string& value, const std::string& slot = "100") {
  return R"({"context":{"slot":)" + slot + R"(,"apiVersion":"4.0"},"value":)" + value + "}";
}

using kind = rpc_error::kind;

/// Every answer of the list has to be refused as malformed.
template <class Ask>
void refuses_all(const std::vector<std::string>& results, Ask ask) {
  for (const auto& text : results) {
    INFO(text);
    node().result(text);
    const auto r = ask();
    REQUIRE_FALSE(r.ok());
    CHECK(r.error().what == kind::malformed);
    CHECK(r.error().proves_nothing());
  }
}

solana::transaction signed_transfer() {
  const auto payer = landfall::tests::keypair(1);
  const std::vector<solana::instruction> list{solana::system::transfer(payer.public_key(), key(5), 7)};
  auto tx =
      solana::make_transaction(*solana::compile_message(payer.public_key(), list, solana::blockhash{filled<32>(9)}));
  REQUIRE(solana::sign(tx, payer));
  return tx;
}

}  // namespace

TEST_CASE("what is no usable answer is told apart, and none of it proves anything") {
  struct row {
    const char* name;
    std::string body;
    int status;
    kind expected;
  };
  const std::vector<row> rows{
      {"429 that is not JSON", "slow down", 429, kind::rate_limited},
      {"429 that looks like a result", R"({"jsonrpc":"2.0","id":$ID,"result":{"absoluteSlot":9,"blockHeight":1}})", 429,
       kind::rate_limited},
      {"503", "<html>", 503, kind::server},
      {"502 that looks like a result", R"({"jsonrpc":"2.0","id":$ID,"result":{"absoluteSlot":9,"blockHeight":1}})", 502,
       kind::server},
      {"403", R"({"code":403,"message":"blocked"})", 403, kind::server},
      {"301", "", 301, kind::server},
      {"empty", "", 200, kind::malformed},
      {"cut off", R"({"jsonrpc":"2.0","id":$ID,"result":{"absol)", 200, kind::malformed},
      {"not JSON", "ok", 200, kind::malformed},
      {"a list", "[]", 200, kind::malformed},
      {"neither result nor error", R"({"jsonrpc":"2.0","id":$ID})", 200, kind::malformed},
      {"a null error and no result", R"({"jsonrpc":"2.0","id":$ID,"error":null})", 200, kind::malformed},
      {"an error without a code", R"({"jsonrpc":"2.0","id":$ID,"error":{"message":"x"}})", 200, kind::malformed},
      {"the answer to another call", R"({"jsonrpc":"2.0","id":999999,"result":{"absoluteSlot":9,"blockHeight":1}})",
       200, kind::malformed},
      {"an id as text", R"({"jsonrpc":"2.0","id":"$ID","result":{"absoluteSlot":9,"blockHeight":1}})", 200,
       kind::malformed},
      {"a result and an error",
       R"({"jsonrpc":"2.0","id":$ID,"result":{"absoluteSlot":9,"blockHeight":1},)"
       R"("error":{"code":-32005,"message":"behind"}})",
       200, kind::rpc},
      {"an error under HTTP 400", R"({"jsonrpc":"2.0","id":$ID,"error":{"code":-32603,"message":"x"}})", 400,
       kind::rpc},
      {"an error with the id null", R"({"jsonrpc":"2.0","id":null,"error":{"code":-32016,"message":"x"}})", 200,
       kind::rpc},
      {"an unknown code of a provider", R"({"jsonrpc":"2.0","id":$ID,"error":{"code":-32429,"message":"x"}})", 200,
       kind::rpc},
      {"bombs of nesting", std::string(5'000, '['), 200, kind::malformed},
      {"too large", R"({"jsonrpc":"2.0","id":$ID,"result":")" + std::string(70'000, 'x') + "\"}", 200, kind::malformed},
  };
  for (const auto& r : rows) {
    INFO(r.name);
    node().answer(r.body, r.status);
    const auto answer = answer_of(endpoint(), &rpc_api::epoch_info, commitment::finalized);
    REQUIRE_FALSE(answer.ok());
    CHECK(answer.error().what == r.expected);
    CHECK(answer.error().proves_nothing());
  }
}

TEST_CASE("an endpoint that is not there or stays silent proves nothing") {
  rpc_endpoint nobody{"nobody", "http://127.0.0.1:1", {.timeout_ms = 60'000}};
  CHECK(answer_of(nobody, &rpc_api::epoch_info, commitment::finalized).error().what == kind::unreachable);
  node().stay_silent();
  rpc_endpoint hasty{"hasty", node().url(), {.timeout_ms = 100}};
  CHECK(answer_of(hasty, &rpc_api::epoch_info, commitment::finalized).error().what == kind::timeout);
  node().result("0");
}

TEST_CASE("how long to wait after 429 is kept, within bounds") {
  const auto after = [](const std::string& header) {
    node().answer("", 429, {{"Retry-After", header}});
    return answer_of(endpoint(), &rpc_api::health).error().retry_after_ms;
  };
  CHECK(after("7") == 7'000);
  CHECK(after("99999999999999") == 60'000);
  CHECK(after("soon") == std::nullopt);
}

TEST_CASE("an address keeps its path and key, which no error shows") {
  rpc_endpoint keyed{"keyed", node().url() + "/keyed/path?api-key=secret"};
  node().result(R"({"absoluteSlot":9,"blockHeight":1})");
  CHECK(answer_of(keyed, &rpc_api::epoch_info, commitment::confirmed).ok());
  CHECK(node().last().path == "/keyed/path");
  CHECK(node().last().param("api-key") == "");
  CHECK(node().last().query.at("api-key") == "secret");
  rpc_endpoint down{"down", "http://127.0.0.1:1/?api-key=secret", {.timeout_ms = 60'000}};
  const auto error = answer_of(down, &rpc_api::health).error();
  CHECK(error.message.starts_with("Failed to connect"));
  CHECK(error.message.find("secret") == std::string::npos);
}

TEST_CASE("slot and height of one bank") {
  node().result(R"({"absoluteSlot":9223372036854775807,"blockHeight":9223372036854775806,"epoch":1})");
  const auto view = answer_of(endpoint(), &rpc_api::epoch_info, commitment::finalized);
  REQUIRE(view.ok());
  CHECK(view->absolute_slot == INT64_MAX);
  CHECK(view->block_height == INT64_MAX - 1);
  CHECK(node().last().body.find(R"("params":[{"commitment":"finalized"}])") != std::string::npos);
  refuses_all({"null", "7", "{}", R"({"absoluteSlot":9})", R"({"absoluteSlot":"9","blockHeight":1})",
               R"({"absoluteSlot":9.5,"blockHeight":1})", R"({"absoluteSlot":9,"blockHeight":-1})",
               R"({"absoluteSlot":1e3,"blockHeight":1})", R"({"absoluteSlot":9223372036854775808,"blockHeight":1})",
               R"({"absoluteSlot":18446744073709551616,"blockHeight":1})", R"({"absoluteSlot":9,"blockHeight":10})"},
              [] { return answer_of(endpoint(), &rpc_api::epoch_info, commitment::finalized); });
}

TEST_CASE("the latest blockhash") {
  node().result(in_context(R"({"blockhash":)" + quoted(hash_text) + R"(,"lastValidBlockHeight":250})"));
  const auto view = answer_of(endpoint(), &rpc_api::latest_blockhash, commitment::confirmed);
  REQUIRE(view.ok());
  CHECK(view->context_slot == 100);
  CHECK(view->hash.to_string() == hash_text);
  CHECK(view->last_valid_block_height == 250);
  refuses_all({"null", R"({"value":{"blockhash":")" + hash_text + R"(","lastValidBlockHeight":250}})",
               in_context("null"), in_context(R"({"blockhash":"abc","lastValidBlockHeight":250})"),
               in_context(R"({"blockhash":"11111111111111111111111111111111","lastValidBlockHeight":250})"),
               in_context(R"({"blockhash":)" + quoted(hash_text) + R"(,"lastValidBlockHeight":"250"})"),
               in_context(R"({"blockhash":)" + quoted(hash_text) + R"(,"lastValidBlockHeight":9223372036854775808})"),
               in_context(R"({"blockhash":)" + quoted(hash_text) + "}")},
              [] { return answer_of(endpoint(), &rpc_api::latest_blockhash, commitment::confirmed); });
}

TEST_CASE("statuses come in the order asked, as many as asked, or not at all") {
  const std::vector<solana::signature> asked{signature(1), signature(2), signature(3)};
  const auto ask = [&] { return answer_of(endpoint(), &rpc_api::signature_statuses, asked, true); };
  node().result(in_context(
      R"([{"slot":90,"confirmations":9,"err":null,"status":{"Ok":null},"confirmationStatus":"confirmed"},null,)"
      R"({"slot":80,"confirmations":null,"err":{"InstructionError":[ 2 , {"Custom":6001}]},)"
      R"("confirmationStatus":"finalized"}])"));
  const auto view = ask();
  REQUIRE(view.ok());
  CHECK(view->context_slot == 100);
  REQUIRE(view->statuses.size() == 3);
  CHECK(view->statuses[0]->slot == 90);
  CHECK(view->statuses[0]->level == commitment::confirmed);
  CHECK(view->statuses[0]->err == std::nullopt);
  CHECK_FALSE(view->statuses[1]);
  CHECK(view->statuses[2]->err == R"({"InstructionError":[2,{"Custom":6001}]})");
  CHECK(node().last().body.find(R"({"searchTransactionHistory":true})") != std::string::npos);

  const auto one = [](const std::string& fields) { return in_context("[null,null,{" + fields + "}]"); };
  refuses_all({"null",
               "[]",
               in_context("null"),
               in_context("[]"),
               in_context("[null,null]"),
               in_context("[null,null,null,null]"),
               in_context("{}"),
               in_context("[null,null,7]"),
               in_context("[null,null,[]]"),
               in_context("[null,null,\"ok\"]"),
               R"({"value":[null,null,null]})",
               R"({"context":{"slot":-1},"value":[null,null,null]})",
               R"({"context":{},"value":[null,null,null]})",
               one(""),
               one(R"("slot":90,"err":null)"),
               one(R"("slot":90,"err":null,"confirmationStatus":null)"),
               one(R"("slot":90,"err":null,"confirmationStatus":"rooted")"),
               one(R"("slot":90,"confirmationStatus":"finalized")"),
               one(R"("slot":90,"err":false,"confirmationStatus":"finalized")"),
               one(R"("slot":90,"err":0,"confirmationStatus":"finalized")"),
               one(R"("err":null,"confirmationStatus":"finalized")"),
               one(R"("slot":"90","err":null,"confirmationStatus":"finalized")"),
               one(R"("slot":101,"err":null,"confirmationStatus":"finalized")"),
               in_context(R"([null,null,{"slot":9223372036854775808,"err":null,"confirmationStatus":"finalized"}])",
                          "9223372036854775808")},
              ask);
}

TEST_CASE("accounts come in the order asked and exactly") {
  const std::vector<solana::pubkey> asked{key(1), key(2)};
  const auto account = [](const std::string& data, const std::string& lamports = "9223372036854775807") {
    return R"({"lamports":)" + lamports + R"(,"data":)" + data + R"(,"owner":)" + quoted(key(3).to_string()) +
           R"(,"executable":false,"rentEpoch":18446744073709551615,"space":3})";
  };
  const auto ask = [&] { return answer_of(endpoint(), &rpc_api::accounts, asked, commitment::confirmed, 100); };
  node().result(in_context("[" + account(R"(["AQID","base64"])") + ",null]"));
  const auto view = ask();
  REQUIRE(view.ok());
  CHECK(view->accounts[0]->lamports == INT64_MAX);
  CHECK(view->accounts[0]->owner == key(3));
  CHECK(view->accounts[0]->data == solana::bytes{1, 2, 3});
  CHECK_FALSE(view->accounts[1]);
  CHECK(node().last().body.find(R"("minContextSlot":100)") != std::string::npos);
  const auto good = R"(["AQID","base64"])";
  refuses_all(
      {in_context("[" + account(good) + "]"), in_context("[" + account(good) + ",null,null]"), in_context("null"),
       in_context("[" + account(good) + ",null]", "99"), in_context("[" + account(R"(["AQID","base58"])") + ",null]"),
       in_context("[" + account(R"("AQID")") + ",null]"), in_context("[" + account(R"(["AQI","base64"])") + ",null]"),
       in_context("[" + account(R"(["AQIDBA==","base64"])") + ",null]"),
       in_context("[" + account(R"({"parsed":{}})") + ",null]"), in_context("[" + account(good, "\"5\"") + ",null]"),
       in_context("[" + account(good, "-5") + ",null]"),
       in_context("[" + account(good, "9223372036854775808") + ",null]"),
       in_context("[" + account(good) + ",null]", "9223372036854775808"), in_context("[{},null]"),
       in_context("[" + account("[\"" + solana::base64_encode(solana::bytes(2'000)) + R"(","base64"])") + ",null]")},
      ask);
}

TEST_CASE("a send answers with the very signature that was sent") {
  const auto tx = signed_transfer();
  const auto bytes = *solana::serialize(tx);
  const auto send = [&] { return answer_of(endpoint(), &rpc_api::send_transaction, bytes, send_options{}); };
  node().result(quoted(tx.id().to_string()));
  REQUIRE(send().ok());
  CHECK(*send() == tx.id());
  const auto body = node().last().body;
  CHECK(body.find(quoted(solana::base64_encode(bytes))) != std::string::npos);
  CHECK(body.find(R"("encoding":"base64","skipPreflight":true,"preflightCommitment":"confirmed","maxRetries":0)") !=
        std::string::npos);
  refuses_all({quoted(signature(3).to_string()), quoted("abc"), "true", "null", "{}"}, send);
}

TEST_CASE("why a node would not take a transaction") {
  const auto refuse = [](const std::string& err) {
    node().answer(
        R"({"jsonrpc":"2.0","id":$ID,"error":{"code":-32002,"message":"Transaction simulation failed","data":{"err":)" +
        err + R"(,"logs":[]}}})");
    return answer_of(endpoint(), &rpc_api::send_transaction, solana::bytes{1, 2, 3},
                     send_options{.skip_preflight = false})
        .error();
  };
  CHECK(refuse("\"AlreadyProcessed\"").already_processed());
  CHECK(refuse("\"BlockhashNotFound\"").blockhash_not_found());
  const auto failed = refuse(R"({"InstructionError":[0,{"Custom":1}]})");
  CHECK(failed.preflight_failed());
  CHECK_FALSE(failed.already_processed());
  CHECK_FALSE(failed.blockhash_not_found());
  CHECK_FALSE(failed.proves_nothing());
  node().answer(R"({"jsonrpc":"2.0","id":$ID,"error":{"code":-32005,"message":"AlreadyProcessed",)"
                R"("data":{"err":"AlreadyProcessed"}}})");
  const auto unhealthy = answer_of(endpoint(), &rpc_api::send_transaction, solana::bytes{1}, send_options{}).error();
  CHECK(unhealthy.node_unhealthy());
  CHECK_FALSE(unhealthy.already_processed());
}

TEST_CASE("a simulation shows the accounts asked for") {
  const simulate_options options{.accounts = {key(1)}};
  const auto ask = [&] { return answer_of(endpoint(), &rpc_api::simulate, solana::bytes{1, 2}, options); };
  const std::string account =
      R"({"lamports":5,"data":["","base64"],"owner":")" + key(3).to_string() + R"(","executable":false})";
  node().result(in_context(R"({"err":null,"logs":["a","b"],"unitsConsumed":77,"accounts":[)" + account + "]}"));
  const auto good = ask();
  REQUIRE(good.ok());
  CHECK(good->units_consumed == 77);
  CHECK(good->logs.size() == 2);
  CHECK(good->accounts[0]->lamports == 5);
  node().result(in_context(R"({"err":"AccountNotFound","logs":null,"accounts":null})"));
  CHECK(ask()->err == "\"AccountNotFound\"");
  refuses_all(
      {in_context("null"), in_context("{}"), in_context(R"({"err":null,"logs":[],"accounts":null})"),
       in_context(R"({"err":null,"logs":[],"accounts":[]})"),
       in_context(R"({"err":null,"logs":[7],"accounts":[null]})"), in_context(R"({"logs":[],"accounts":[null]})"),
       in_context(R"({"err":null,"logs":{},"accounts":[null]})"),
       in_context(R"({"err":null,"unitsConsumed":"7","accounts":[null]})"),
       R"({"value":{"err":null,"accounts":[null]}})"},
      ask);
}

TEST_CASE("a landed transaction and what it did to token accounts") {
  const auto tx = signed_transfer();
  const auto encoded = solana::base64_encode(*solana::serialize(tx));
  const auto ask = [&] { return answer_of(endpoint(), &rpc_api::transaction, tx.id(), commitment::finalized); };
  const auto token = [](int index, const std::string& amount, const solana::pubkey& mint = key(40)) {
    return R"({"accountIndex":)" + std::to_string(index) + R"(,"mint":)" + quoted(mint.to_string()) + R"(,"owner":)" +
           quoted(key(41).to_string()) + R"(,"uiTokenAmount":{"amount":)" + quoted(amount) +
           R"(,"decimals":6,"uiAmount":1.0}})";
  };
  const auto reply = [&](const std::string& pre_tokens, const std::string& post_tokens, const std::string& more = "",
                         const std::string& post_balances = "[90,7,1]") {
    return R"({"slot":123,"blockTime":1790000000,"version":0,"transaction":[)" + quoted(encoded) +
           R"(,"base64"],"meta":{"err":null,"fee":5000,"preBalances":[100,0,1],"postBalances":)" + post_balances +
           R"(,"preTokenBalances":)" + pre_tokens + R"(,"postTokenBalances":)" + post_tokens +
           R"(,"loadedAddresses":{"writable":[],"readonly":[]})" + more + "}}";
  };
  const auto with = [&](const std::string& what, const std::string& instead) {
    auto text = reply("[]", "[]");
    return text.replace(text.find(what), what.size(), instead);
  };
  node().result(reply("[" + token(1, "18446744073709551615") + "]", "[" + token(1, "5") + "," + token(2, "9") + "]"));
  const auto found = ask();
  REQUIRE(found.ok());
  REQUIRE(found->has_value());
  const auto& view = **found;
  CHECK(view.slot == 123);
  CHECK(view.fee_lamports == 5'000);
  CHECK(view.keys == tx.body.static_keys);
  const auto taken = view.token_delta(view.keys[1]);
  REQUIRE(taken);
  CHECK(taken->before == UINT64_MAX);
  CHECK(taken->delta() == domain::int128{5} - domain::int128{UINT64_MAX});
  CHECK(view.token_delta(view.keys[2])->delta() == 9);
  CHECK_FALSE(view.token_delta(view.keys[0]));
  node().result(reply("[" + token(1, "5") + "]", "[" + token(1, "5", key(50)) + "]"));
  CHECK_FALSE((*ask())->token_delta(view.keys[1]));
  node().result("null");
  REQUIRE(ask().ok());
  CHECK_FALSE(ask()->has_value());
  CHECK(node().last().body.find(R"("maxSupportedTransactionVersion":1)") != std::string::npos);

  refuses_all(
      {"7", "{}", R"({"slot":1,"transaction":["AA==","base64"],"meta":null})", reply("[" + token(3, "1") + "]", "[]"),
       reply("[" + token(1, "1") + "," + token(1, "2") + "]", "[]"), reply("[" + token(1, "-1") + "]", "[]"),
       reply("[" + token(1, "1.5") + "]", "[]"), reply("{}", "[]"), reply("[]", "[]", "", "[90,7]"),
       reply("[]", "[]", "", "[90,7,1.0]"), reply("[]", "[]", "", "[90,7,9223372036854775808]"),
       with(R"("slot":123)", R"("slot":9223372036854775808)"), with(R"("fee":5000)", R"("fee":9223372036854775808)"),
       reply("[]", "[]", R"(,"loadedAddresses":{"writable":[")" + key(60).to_string() + R"("],"readonly":[]})")},
      ask);
  node().result(reply("[]", "[]"));
  CHECK(answer_of(endpoint(), &rpc_api::transaction, signature(7), commitment::finalized).error().what ==
        kind::malformed);
}

TEST_CASE("the small calls") {
  node().result("2039280");
  CHECK(*answer_of(endpoint(), &rpc_api::minimum_balance_for_rent_exemption, 165) == 2'039'280);
  refuses_all({"\"2039280\"", "null", "-1", "2039280.0"},
              [] { return answer_of(endpoint(), &rpc_api::minimum_balance_for_rent_exemption, 165); });
  node().result(R"([{"slot":5,"prioritizationFee":0},{"slot":6,"prioritizationFee":70}])");
  CHECK(
      answer_of(endpoint(), &rpc_api::recent_prioritization_fees, std::vector{key(1)})->at(1).micro_lamports_per_unit ==
      70);
  refuses_all(
      {"null", "{}", "[7]", R"([{"slot":5}])", R"([{"slot":5,"prioritizationFee":9223372036854775808}])",
       R"([{"slot":9223372036854775808,"prioritizationFee":0}])"},
      [] { return answer_of(endpoint(), &rpc_api::recent_prioritization_fees, std::vector<solana::pubkey>{}); });
  node().result(in_context("true"));
  CHECK(answer_of(endpoint(), &rpc_api::is_blockhash_valid, solana::blockhash{}, commitment::finalized, 5)->valid);
  refuses_all({"true", in_context("null"), in_context("1")}, [] {
    return answer_of(endpoint(), &rpc_api::is_blockhash_valid, solana::blockhash{}, commitment::finalized,
                     std::nullopt);
  });
  node().result("\"ok\"");
  CHECK(answer_of(endpoint(), &rpc_api::health).ok());
  refuses_all({"\"behind\"", "null", "true"}, [] { return answer_of(endpoint(), &rpc_api::health); });
  node().result(quoted(hash_text));
  CHECK(answer_of(endpoint(), &rpc_api::genesis_hash)->to_string() == hash_text);
  refuses_all({"\"0OIl\"", "null"}, [] { return answer_of(endpoint(), &rpc_api::genesis_hash); });
}

TEST_CASE("two names of one node are no two witnesses") {
  CHECK_FALSE(same_node({}));
  CHECK_FALSE(same_node({"http://127.0.0.1:18010", "http://127.0.0.1:18011"}));
  CHECK_FALSE(same_node({"https://a.example.com", "https://b.example.com"}));
  CHECK(
      same_node({"https://a.example.com/?api-key=secret", "https://b.example.com", "https://A.example.com:443/two"}) ==
      "a.example.com:443 is named twice: one node counts once in a quorum");
  CHECK(same_node({"http://localhost:18010", "http://127.0.0.1:18010"}));
  CHECK(same_node({"not a url"}) == "an endpoint is no URL");
}

TEST_CASE("a call that our own limiter refuses is rate limited, was not sent, and says when to come again") {
  node().result("1");
  rpc_options options;
  options.limiter = std::make_shared<net::host_limiter>("host", net::rate_limit{1, std::chrono::milliseconds{600'000}});
  rpc_endpoint limited{"limited", node().url(), options};
  CHECK(answer_of(limited, &rpc_api::minimum_balance_for_rent_exemption, 1));
  CHECK_FALSE(limited.has_spare());
  options.purpose = net::purpose::quote;
  rpc_endpoint other{"other", node().url(), options};
  const auto refused = answer_of(other, &rpc_api::health);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().what == rpc_error::kind::rate_limited);
  CHECK(refused.error().http_status == 0);
  CHECK(refused.error().proves_nothing());
  CHECK(refused.error().message.starts_with("rate limited: quote is free again in "));
  CHECK(refused.error().retry_after_ms.value_or(0) > 500'000);
}

}  // namespace landfall::executor
