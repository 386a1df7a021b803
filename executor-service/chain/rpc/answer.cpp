#include "executor-service/chain/rpc/parse.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "common/net/http_failure.hpp"

namespace landfall::executor {

using domain::failure;
using net::as_i64;
using net::as_string;
using net::as_u64;
using net::find;
using net::json_kind;
using net::json_value;

namespace {

constexpr std::int64_t code_preflight = -32002;
constexpr std::int64_t code_unhealthy = -32005;
constexpr std::int64_t code_min_slot = -32016;
constexpr std::size_t max_message_chars = 512;

std::string shortened(std::string_view text) {
  return std::string{text.substr(0, max_message_chars)};
}

/// The JSON-RPC error of an answer, if it is one.
std::optional<rpc_error> error_in(const json_value& document, int http_status) {
  const auto* error = find(document, "error");
  if (net::is_null(error))
    return std::nullopt;
  const auto code = as_i64(find(error, "code"));
  if (!code)
    return error_of(rpc_error::kind::malformed, "an error without a code");
  rpc_error e;
  e.what = rpc_error::kind::rpc;
  e.http_status = http_status;
  e.code = *code;
  e.message = shortened(as_string(find(error, "message")).value_or(""));
  if (const auto* data = find(error, "data"); !net::is_null(data))
    e.data = text_of(*data);
  return e;
}
bool preflight_err_is(const rpc_error& e, std::string_view name) {
  if (!e.preflight_failed())
    return false;
  const auto data = net::parse_json(e.data);
  return data && as_string(find(*data, "err")) == name;
}

}  // namespace

rpc_error error_of(rpc_error::kind what, std::string message) {
  rpc_error e;
  e.what = what;
  e.message = std::move(message);
  return e;
}

rpc_result<json_value> result_of(const net::http_result& reply, std::uint64_t id) {
  if (!reply)
    return failure{net::error_from<rpc_error>(reply.error())};
  if (reply->status == 429) {
    auto e = error_of(rpc_error::kind::rate_limited, "HTTP 429");
    e.http_status = 429;
    e.retry_after_ms = net::retry_after_ms(*reply);
    return failure{std::move(e)};
  }
  const auto document = net::parse_json(reply->body);
  if (reply->status != 200) {
    if (document)
      if (auto e = error_in(*document, reply->status); e && e->what == rpc_error::kind::rpc)
        return failure{std::move(*e)};
    auto e = error_of(rpc_error::kind::server, "HTTP " + std::to_string(reply->status));
    e.http_status = reply->status;
    e.retry_after_ms = net::retry_after_ms(*reply);
    return failure{std::move(e)};
  }
  if (!document)
    return failure{error_of(rpc_error::kind::malformed, "not JSON")};
  if (!net::is(&*document, json_kind::object))
    return failure{error_of(rpc_error::kind::malformed, "not an object")};
  // A node that cannot read the request answers its error with the id null.
  if (auto e = error_in(*document, 200))
    return failure{std::move(*e)};
  if (as_u64(find(*document, "id")) != id)
    return failure{error_of(rpc_error::kind::malformed, "the answer to another call")};
  const auto* result = find(*document, "result");
  if (result == nullptr)
    return failure{error_of(rpc_error::kind::malformed, "no result")};
  return *result;
}

bool rpc_error::proves_nothing() const noexcept {
  if (what != kind::rpc)
    return true;
  constexpr std::int64_t refusals[] = {code_preflight, -32003, -32006, -32013, -32015, -32600, -32601, -32602};
  return std::ranges::find(refusals, code) == std::end(refusals);
}

bool rpc_error::already_processed() const noexcept {
  return preflight_err_is(*this, "AlreadyProcessed");
}

bool rpc_error::blockhash_not_found() const noexcept {
  return preflight_err_is(*this, "BlockhashNotFound");
}

bool rpc_error::preflight_failed() const noexcept {
  return what == kind::rpc && code == code_preflight;
}

bool rpc_error::behind_min_slot() const noexcept {
  return what == kind::rpc && code == code_min_slot;
}

bool rpc_error::node_unhealthy() const noexcept {
  return what == kind::rpc && code == code_unhealthy;
}

std::string_view to_string(rpc_error::kind kind) noexcept {
  constexpr std::array<std::string_view, 6> names{"unreachable", "timeout", "rate_limited",
                                                  "server",      "rpc",     "malformed"};
  return names[static_cast<std::size_t>(kind)];
}

}  // namespace landfall::executor
