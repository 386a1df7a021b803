#include "executor-service/chain/rpc/parse.hpp"

#include <utility>

#include "common/net/http_failure.hpp"

namespace landfall::executor {

using domain::failure;
using json::as_i64;
using json::as_string;
using json::as_u64;
using json::find;

namespace {

constexpr std::size_t max_message_chars = 512;

std::string shortened(std::string_view text) {
  return std::string{text.substr(0, max_message_chars)};
}

/// The JSON-RPC error of an answer, if it is one.
std::optional<rpc_error> error_in(const json::value& document, int http_status) {
  const auto* error = find(document, "error");
  if (json::is_null(error))
    return std::nullopt;
  const auto code = as_i64(find(error, "code"));
  if (!code)
    return error_of(rpc_error::kind::malformed, "an error without a code");
  rpc_error e;
  e.what = rpc_error::kind::rpc;
  e.http_status = http_status;
  e.code = *code;
  e.message = shortened(as_string(find(error, "message")).value_or(""));
  if (const auto* data = find(error, "data"); !json::is_null(data))
    e.data = text_of(*data);
  if (e.preflight_failed())
    e.preflight_err = as_string(find(find(error, "data"), "err")).value_or("");
  return e;
}

}  // namespace

rpc_error error_of(rpc_error::kind what, std::string message) {
  rpc_error e;
  e.what = what;
  e.message = std::move(message);
  return e;
}

rpc_result<json::value> result_of(const net::http_result& reply, std::uint64_t id) {
  if (!reply)
    return failure{net::error_from<rpc_error>(reply.error())};
  if (reply->status == 429) {
    auto e = error_of(rpc_error::kind::rate_limited, "HTTP 429");
    e.http_status = 429;
    e.retry_after_ms = net::retry_after_ms(*reply);
    return failure{std::move(e)};
  }
  const auto document = json::parse(reply->body);
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
  if (!json::is(&*document, json::kind::object))
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

}  // namespace landfall::executor
