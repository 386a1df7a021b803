#include "executor-service/api/idempotency/idempotency_key.hpp"

#include <sodium.h>

#include <algorithm>

#include "executor-service/api/http/reply.hpp"

namespace landfall::executor::api {

bool is_idempotency_key(std::string_view key) noexcept {
  return !key.empty() && key.size() <= 255 &&
         std::all_of(key.begin(), key.end(), [](char c) { return c >= 0x20 && c <= 0x7e; });
}

key_lookup find_key(postgres::database& db, const call& c) {
  const std::string text{c.request.header("idempotency-key")};
  if (text.empty())
    return {};
  if (!is_idempotency_key(text))
    return {{}, to_response({400, "Idempotency-Key must have 1 to 255 printable ASCII characters", {}})};
  keyed_request key{text, c.request.method + " " + c.request.route, {}};
  crypto_hash_sha256(key.digest.data(), reinterpret_cast<const unsigned char*>(c.request.body.data()),
                     c.request.body.size());
  const auto stored = key_store{db}.key_of(c.wallet, text);
  if (!stored)
    return {{}, database_failed(c.request.route, stored.error())};
  if (!*stored)
    return {std::move(key), {}};
  const auto& known = **stored;
  if (known.request != key.request || known.digest != key.digest)
    return {{}, to_response({409, "Idempotency-Key was already used with a different request", {}})};
  if (known.status && known.response)
    return {{}, json_response(*known.status, *known.response)};
  return {std::move(key), {}};
}

}  // namespace landfall::executor::api
