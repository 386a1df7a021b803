#include "executor-service/order/build/maker/maker_client.hpp"

#include <array>
#include <utility>

#include "common/domain/text.hpp"
#include "common/net/http_failure.hpp"
#include "common/net/json.hpp"
#include "common/net/limited_client.hpp"
#include "common/solana/base64.hpp"

namespace landfall::executor {

using domain::failure;
using net::as_string;
using net::find;
using net::json_kind;
using net::json_value;
using net::json_writer;

namespace {

constexpr std::size_t max_reason_bytes = 256;
constexpr std::size_t max_name_chars = 255;

failure<maker_error> failed(maker_error::kind what, std::string message) {
  return failure{maker_error{what, std::move(message)}};
}

failure<maker_error> malformed(std::string message) {
  return failed(maker_error::kind::malformed, std::move(message));
}

/// The JSON object of an answer with status 200.
maker_result<json_value> object_of(const net::http_result& reply) {
  if (!reply)
    return failure{net::error_from<maker_error>(reply.error())};
  if (reply->status != 200)
    return failed(reply->status == 404   ? maker_error::kind::no_quote
                  : reply->status == 429 ? maker_error::kind::rate_limited
                                         : maker_error::kind::unreachable,
                  "HTTP " + std::to_string(reply->status));
  auto document = net::parse_json(reply->body);
  if (!document || !net::is(&*document, json_kind::object))
    return malformed("not a JSON object");
  return std::move(document).value();
}

bool is_key(const json_value& document, const char* name, const solana::pubkey& wanted) {
  return as_string(find(document, name)) == std::string_view{wanted.to_string()};
}

maker_result<maker_quote> read_quote(const json_value& document, const maker_quote_request& asked) {
  if (as_string(find(document, "quoteId")) != std::string_view{asked.quote_id} ||
      as_string(find(document, "requestId")) != std::string_view{asked.quote_id})
    return malformed("an answer to another request");
  if (!is_key(document, "tokenIn", asked.input_mint) || !is_key(document, "tokenOut", asked.output_mint))
    return malformed("a quote for other mints");
  if (as_string(find(document, "quoteType")) != "exactIn")
    return malformed("a quote of another type");
  if (as_string(find(document, "amountIn")) != std::string_view{asked.amount.to_string()})
    return malformed("a quote for another amount");
  const auto out_text = as_string(find(document, "amountOut"));
  const auto out = out_text ? domain::token_amount::parse(*out_text) : std::nullopt;
  if (!out || out->units() == 0)
    return malformed("amountOut is not a whole number above 0");
  const auto key_text = as_string(find(document, "maker"));
  const auto key = solana::pubkey::parse(key_text.value_or(""));
  if (!key)
    return malformed("the maker has no key");
  return maker_quote{*key, *out, {}};
}

maker_result<maker_swap_reply> read_swap_reply(const json_value& document, const std::string& quote_id) {
  if (as_string(find(document, "quoteId")) != std::string_view{quote_id})
    return malformed("an answer about another quote");
  maker_swap_reply reply;
  const auto* state = find(document, "state");
  std::string_view reason = as_string(find(document, "rejectionReason")).value_or("");
  if (as_string(state) == "accepted") {
    reply.state = maker_answer::accepted;
  } else if (as_string(state) == "rejected") {
    reply.state = maker_answer::rejected;
  } else if (const auto why =
                 net::is(state, json_kind::object) ? as_string(find(*state, "rejectedWithReason")) : std::nullopt) {
    reply.state = maker_answer::rejected;
    reason = *why;
  } else {
    return malformed("neither accepted nor rejected");
  }
  reply.reason = domain::storable_text(reason, max_reason_bytes);
  return reply;
}

}  // namespace

std::string_view to_string(maker_error::kind kind) noexcept {
  constexpr std::array<std::string_view, 5> names{"unreachable", "timeout", "rate_limited", "no_quote", "malformed"};
  return names[static_cast<std::size_t>(kind)];
}

std::optional<std::string> maker_name(const std::string& base_url) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!base_url.starts_with(scheme))
      continue;
    auto rest = base_url.substr(scheme.size());
    rest = rest.substr(0, rest.find_first_of("?#"));
    while (rest.ends_with('/'))
      rest.pop_back();
    if (const auto at = rest.find('@'); at != std::string::npos)
      rest = rest.substr(at + 1);
    if (!rest.empty() && rest.front() != '/' && rest.front() != ':' && rest.size() <= max_name_chars)
      return rest;
  }
  return std::nullopt;
}

struct maker_client::impl {
  impl(std::string base_url, const maker_options& o)
      : name(maker_name(base_url).value_or(base_url)),
        options(o),
        client(std::move(base_url), {.max_in_flight = o.max_in_flight}, o.limiter) {}

  [[nodiscard]] net::http_request post(std::string path, std::string body, std::uint32_t timeout_ms) const {
    net::http_request r;
    r.method = "POST";
    r.path_and_query = std::move(path);
    r.headers["Content-Type"] = "application/json";
    r.body = std::move(body);
    r.timeout_ms = timeout_ms;
    r.max_response_bytes = options.max_response_bytes;
    return r;
  }

  std::string name;
  maker_options options;
  net::limited_client client;
};

maker_client::maker_client(std::string base_url, maker_options options) {
  while (base_url.ends_with('/'))
    base_url.pop_back();
  impl_ = std::make_unique<impl>(std::move(base_url), options);
}

maker_client::~maker_client() = default;

const std::string& maker_client::name() const noexcept {
  return impl_->name;
}

void maker_client::quote(maker_quote_request request, maker_done<maker_quote> done) {
  json_writer w;
  w.begin_object().member("requestId", request.quote_id).member("quoteId", request.quote_id);
  w.member("tokenIn", request.input_mint.to_string()).member("tokenOut", request.output_mint.to_string());
  w.member("amount", request.amount.to_string()).member("quoteType", "exactIn").member("protocol", "v1");
  w.member("taker", request.taker.to_string()).end_object();
  impl_->client.request(net::purpose::quote, impl_->post("/quote", w.take(), impl_->options.quote_timeout_ms),
                        [request, done = std::move(done)](net::http_result reply) {
                          const auto document = object_of(reply);
                          if (!document)
                            return done(failure{document.error()});
                          auto read = read_quote(*document, request);
                          if (read)
                            read->raw = std::move(reply->body);
                          done(std::move(read));
                        });
}

void maker_client::swap(std::string quote_id, solana::bytes transaction, maker_done<maker_swap_reply> done) {
  json_writer w;
  w.begin_object().member("requestId", quote_id).member("quoteId", quote_id);
  w.member("transaction", solana::base64_encode(transaction)).end_object();
  impl_->client.request(net::purpose::broadcast, impl_->post("/swap", w.take(), impl_->options.swap_timeout_ms),
                        [quote_id = std::move(quote_id), done = std::move(done)](net::http_result reply) {
                          const auto document = object_of(reply);
                          if (!document)
                            return done(failure{document.error()});
                          done(read_swap_reply(*document, quote_id));
                        });
}

}  // namespace landfall::executor
