#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "common/domain/time.hpp"
#include "common/solana/pubkey.hpp"

namespace landfall::executor::api {

/// The key that signs session tokens: HMAC-SHA-256(master secret, "landfall session token v1"). It opens no vault.
using session_key = std::array<std::uint8_t, 32>;
[[nodiscard]] session_key derive_session_key(std::span<const std::uint8_t, 32> master);

/// A JSON Web Token (RFC 7519), HS256, with the claims sub = wallet, iat and exp in seconds.
[[nodiscard]] std::string issue_token(const session_key& key, const solana::pubkey& wallet, domain::utc_time now,
                                      std::chrono::milliseconds life);

/// The token of "Bearer …", the value of an Authorization header; empty if it is none. The scheme is compared without
/// case, as HTTP has it.
[[nodiscard]] std::string_view bearer_token(std::string_view authorization);

/// The wallet of a token that `issue_token` made with this key and that has not run out; nothing for any other text.
/// The header has to be the very one that `issue_token` writes, so the algorithm is never the bearer's choice.
[[nodiscard]] std::optional<solana::pubkey> token_wallet(const session_key& key, std::string_view token,
                                                         domain::utc_time now);

}  // namespace landfall::executor::api
