#pragma once

#include <optional>
#include <string_view>

#include "executor-service/api/http/call.hpp"
#include "executor-service/api/idempotency/key_store.hpp"

namespace landfall::executor::api {

/// 1 to 255 printable ASCII characters.
[[nodiscard]] bool is_idempotency_key(std::string_view key) noexcept;

/// What the Idempotency-Key of a request means: `key` is to be stored with what the request does, or `answer` was given
/// already. Neither: the request has no key. A request that is refused leaves its key free. Under /auth the header
/// means nothing: nobody is known yet to whom a key could belong, and a stored answer would make a challenge good for
/// more than one session.
struct key_lookup {
  std::optional<keyed_request> key;
  std::optional<net::http_server_response> answer;
};
[[nodiscard]] key_lookup find_key(postgres::database& db, const call& c);

}  // namespace landfall::executor::api
