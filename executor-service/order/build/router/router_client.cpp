#include "executor-service/order/build/router/router_client.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "common/domain/text.hpp"
#include "common/json/reader.hpp"
#include "common/json/writer.hpp"
#include "common/net/http_failure.hpp"
#include "common/net/limited_client.hpp"
#include "common/solana/base64.hpp"

namespace landfall::executor {

using domain::failure;
using domain::token_amount;
using json::as_bool;
using json::as_string;
using json::find;

namespace {

constexpr std::size_t max_message_bytes = 512;
constexpr std::size_t max_code_bytes = 64;
constexpr std::size_t max_instructions = 64;
constexpr std::size_t max_accounts = 256;
constexpr std::size_t max_data_bytes = 1'232;
constexpr std::size_t max_lookup_tables = 32;

struct bad_answer {
  std::string what;
};
template <class T>
using parsed = domain::result<T, bad_answer>;

failure<bad_answer> bad(std::string what) {
  return failure{bad_answer{std::move(what)}};
}

router_error error_of(router_error::kind what, std::string message) {
  router_error e;
  e.what = what;
  e.message = std::move(message);
  return e;
}

/// Codes that mean: no route for this amount of these mints at the moment.
bool means_no_route(std::string_view code) {
  constexpr std::array<std::string_view, 7> codes{"NO_ROUTES_FOUND",
                                                  "COULD_NOT_FIND_ANY_ROUTE",
                                                  "TOKEN_NOT_TRADABLE",
                                                  "MARKET_NOT_FOUND",
                                                  "ROUTE_PLAN_DOES_NOT_CONSUME_ALL_THE_AMOUNT",
                                                  "CANNOT_COMPUTE_OTHER_AMOUNT_THRESHOLD",
                                                  "CIRCULAR_ARBITRAGE_IS_DISABLED"};
  return std::ranges::find(codes, code) != codes.end();
}

/// A refusal: {"error","errorCode"} of the product or {"code","message"} of its gateway.
router_error refusal(const net::http_response& response) {
  router_error e;
  e.http_status = response.status;
  e.retry_after_ms = net::retry_after_ms(response);
  std::string text;
  if (const auto document = json::parse(response.body)) {
    e.code = domain::storable_text(as_string(find(*document, "errorCode")).value_or(""), max_code_bytes);
    auto message = as_string(find(*document, "error"));
    if (!message)
      message = as_string(find(*document, "message"));
    text = domain::storable_text(message.value_or(""), max_message_bytes);
  }
  e.message = "HTTP " + std::to_string(response.status) + (text.empty() ? "" : ": " + text);
  if (response.status == 429)
    e.what = router_error::kind::rate_limited;
  else if (response.status >= 500)
    e.what = router_error::kind::unreachable;
  else
    e.what = means_no_route(e.code) ? router_error::kind::no_route : router_error::kind::rejected;
  return e;
}

std::optional<token_amount> amount_in(const json::value& v, const char* name) {
  const auto text = as_string(find(v, name));
  return text ? token_amount::parse(*text) : std::nullopt;
}

std::optional<solana::pubkey> key_in(const json::value* v) {
  if (const auto text = as_string(v))
    if (const auto key = solana::pubkey::parse(*text))
      return *key;
  return std::nullopt;
}

parsed<quote> read_quote(const json::value& document, const quote_request& asked) {
  if (key_in(find(document, "inputMint")) != asked.input_mint ||
      key_in(find(document, "outputMint")) != asked.output_mint)
    return bad("a quote for other mints");
  if (as_string(find(document, "swapMode")) != "ExactIn")
    return bad("a quote of another mode");
  const auto in = amount_in(document, "inAmount");
  const auto out = amount_in(document, "outAmount");
  const auto threshold = amount_in(document, "otherAmountThreshold");
  if (!in || !out || !threshold)
    return bad("an amount is missing or not a whole number");
  if (*in != asked.amount)
    return bad("a quote for another amount");
  if (out->units() == 0)
    return bad("a quote that gives nothing");
  if (*threshold > *out)
    return bad("a threshold above the output");
  if (json::as_u64(find(document, "slippageBps")) != static_cast<std::uint64_t>(asked.slippage_bps))
    return bad("a quote with another slippage");
  quote q;
  q.in_amount = *in;
  q.out_amount = *out;
  q.other_amount_threshold = *threshold;
  q.slippage_bps = asked.slippage_bps;
  if (const auto* impact = find(document, "priceImpactPct"); !json::is_null(impact)) {
    const auto text = json::as_decimal_string(impact, json::quoted::accepted);
    if (!text)
      return bad("priceImpactPct is not a number");
    q.price_impact_pct = *text;
  }
  if (const auto* slot = find(document, "contextSlot"); !json::is_null(slot)) {
    q.context_slot = json::as_u64(slot);
    if (!q.context_slot)
      return bad("contextSlot is not a number");
  }
  return q;
}

parsed<solana::instruction> read_instruction(const json::value& v) {
  const auto program = key_in(find(v, "programId"));
  const auto* accounts = find(v, "accounts");
  const auto data_text = as_string(find(v, "data"));
  if (!program || !json::is(accounts, json::kind::array) || !data_text)
    return bad("an instruction is malformed");
  if (json::elements(accounts).size() > max_accounts)
    return bad("an instruction names too many accounts");
  auto data = solana::base64_decode(*data_text, max_data_bytes);
  if (!data)
    return bad("an instruction's data is too long or not base64");
  solana::instruction i;
  i.program_id = *program;
  i.data = std::move(data).value();
  for (const auto& item : json::elements(accounts)) {
    const auto key = key_in(find(item, "pubkey"));
    const auto signer = as_bool(find(item, "isSigner"));
    const auto writable = as_bool(find(item, "isWritable"));
    if (!key || !signer || !writable)
      return bad("an account of an instruction is malformed");
    i.accounts.push_back({*key, *signer, *writable});
  }
  return i;
}

parsed<std::vector<solana::instruction>> read_instructions(const json::value* list) {
  std::vector<solana::instruction> instructions;
  if (!json::is_null(list) && !json::is(list, json::kind::array))
    return bad("instructions are not a list");
  if (json::elements(list).size() > max_instructions)
    return bad("too many instructions");
  for (const auto& item : json::elements(list)) {
    auto i = read_instruction(item);
    if (!i)
      return failure{i.error()};
    instructions.push_back(std::move(i).value());
  }
  return instructions;
}

parsed<swap_instructions_view> read_swap(const json::value& document) {
  swap_instructions_view view;
  auto other = read_instructions(find(document, "otherInstructions"));
  auto setup = read_instructions(find(document, "setupInstructions"));
  if (!other || !setup)
    return failure{other ? setup.error() : other.error()};
  view.other = std::move(other).value();
  view.setup = std::move(setup).value();
  const auto* swap = find(document, "swapInstruction");
  if (!json::is(swap, json::kind::object))
    return bad("no swap instruction");
  auto read = read_instruction(*swap);
  if (!read)
    return failure{read.error()};
  view.swap = std::move(read).value();
  if (const auto* cleanup = find(document, "cleanupInstruction"); !json::is_null(cleanup)) {
    auto i = read_instruction(*cleanup);
    if (!i)
      return failure{i.error()};
    view.cleanup = std::move(i).value();
  }
  // Instructions of these kinds would have to run too; without them the swap is not what was quoted.
  for (const char* name : {"tokenLedgerInstruction", "tipInstruction"})
    if (!json::is_null(find(document, name)))
      return bad(std::string{name} + " was not asked for");
  const auto* tables = find(document, "addressLookupTableAddresses");
  if (!json::is_null(tables) && !json::is(tables, json::kind::array))
    return bad("lookup tables are not a list");
  if (json::elements(tables).size() > max_lookup_tables)
    return bad("too many lookup tables");
  for (const auto& item : json::elements(tables)) {
    const auto key = key_in(&item);
    if (!key)
      return bad("a lookup table has no address");
    view.lookup_tables.push_back(*key);
  }
  return view;
}

/// The JSON object of an answer with status 200.
router_result<json::value> object_of(const net::http_result& reply) {
  if (!reply)
    return failure{net::error_from<router_error>(reply.error())};
  if (reply->status != 200)
    return failure{refusal(*reply)};
  auto document = json::parse(reply->body);
  if (!document || !json::is(&*document, json::kind::object))
    return failure{error_of(router_error::kind::malformed, "not a JSON object")};
  return std::move(document).value();
}

std::string body_of(const quote& offer, const swap_request& request) {
  const auto raw = json::parse(offer.raw);
  if (!raw)
    domain::broken_invariant("a quote whose text is not JSON");
  json::writer w;
  w.begin_object().member("userPublicKey", request.user.to_string()).key("quoteResponse").value(*raw);
  w.member("destinationTokenAccount", request.destination_token_account.to_string());
  // Tokens are where they have to be already, and wrapped SOL stays wrapped.
  w.member("wrapAndUnwrapSol", false).member("dynamicComputeUnitLimit", false);
  w.member("asLegacyTransaction", false).member("skipUserAccountsRpcCalls", true).end_object();
  return w.take();
}

}  // namespace

struct router_client::impl {
  impl(std::string base_url, router_options o)
      : options(std::move(o)), client(std::move(base_url), {.max_in_flight = options.max_in_flight}, options.limiter) {}

  [[nodiscard]] net::http_request request(std::string method, std::string path_and_query, std::string body) const {
    net::http_request r;
    r.method = std::move(method);
    r.path_and_query = std::move(path_and_query);
    r.body = std::move(body);
    r.timeout_ms = options.timeout_ms;
    r.max_response_bytes = options.max_response_bytes;
    if (!r.body.empty())
      r.headers["Content-Type"] = "application/json";
    if (!options.api_key.empty())
      r.headers["x-api-key"] = options.api_key;
    return r;
  }

  router_options options;
  net::limited_client client;
};

router_client::router_client(std::string base_url, router_options options) {
  while (base_url.ends_with('/'))
    base_url.pop_back();
  impl_ = std::make_unique<impl>(std::move(base_url), std::move(options));
}

router_client::~router_client() = default;

void router_client::quote_for(quote_request request, router_done<quote> done) {
  // Keys are base58 and the rest are numbers: nothing to encode.
  const auto path = "/quote?inputMint=" + request.input_mint.to_string() +
                    "&outputMint=" + request.output_mint.to_string() + "&amount=" + request.amount.to_string() +
                    "&slippageBps=" + std::to_string(request.slippage_bps) +
                    "&swapMode=ExactIn&maxAccounts=" + std::to_string(request.max_accounts);
  impl_->client.request(net::purpose::quote, impl_->request("GET", path, ""),
                        [request, done = std::move(done)](net::http_result reply) {
                          const auto document = object_of(reply);
                          if (!document)
                            return done(failure{document.error()});
                          auto read = read_quote(*document, request);
                          if (!read)
                            return done(failure{error_of(router_error::kind::malformed, read.error().what)});
                          read->raw = std::move(reply->body);
                          done(std::move(read).value());
                        });
}

void router_client::instructions_for(quote offer, swap_request request, router_done<swap_instructions_view> done) {
  impl_->client.request(net::purpose::quote, impl_->request("POST", "/swap-instructions", body_of(offer, request)),
                        [done = std::move(done)](net::http_result reply) {
                          const auto document = object_of(reply);
                          if (!document)
                            return done(failure{document.error()});
                          auto read = read_swap(*document);
                          if (!read)
                            return done(failure{error_of(router_error::kind::malformed, read.error().what)});
                          done(std::move(read).value());
                        });
}

}  // namespace landfall::executor
