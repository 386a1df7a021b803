#pragma once

#include <string_view>

#include "common/solana/bytes.hpp"
#include "common/solana/pubkey.hpp"
#include "executor-service/api/http/reply.hpp"

namespace landfall::executor::api {

/// How a wallet proves that it is itself: by a signed message, or by a signed transaction that is never sent.
enum class proof_kind { message, transaction };

[[nodiscard]] std::string_view to_string(proof_kind kind) noexcept;

struct challenge_request {
  solana::pubkey wallet;
  proof_kind kind = proof_kind::message;
};

struct verify_request {
  solana::pubkey wallet;
  proof_kind kind = proof_kind::message;
  /// Of a message proof.
  solana::signature signature;
  /// Of a transaction proof: wire bytes.
  solana::bytes signed_transaction;
};

[[nodiscard]] validated<challenge_request> parse_challenge_request(std::string_view body);
[[nodiscard]] validated<verify_request> parse_verify_request(std::string_view body);

}  // namespace landfall::executor::api
