#include "executor-service/api/auth/auth_requests.hpp"

#include "executor-service/api/http/body_fields.hpp"

namespace landfall::executor::api {

namespace {

constexpr std::array proof_kinds{named{"message", proof_kind::message}, named{"transaction", proof_kind::transaction}};

}  // namespace

std::string_view to_string(proof_kind kind) noexcept {
  return name_in(proof_kinds, kind);
}

validated<challenge_request> parse_challenge_request(std::string_view body) {
  return parse_body<challenge_request>(body, [](body_fields& in) {
    return challenge_request{in.address("walletPubkey"), in.choice("type", proof_kinds)};
  });
}

validated<verify_request> parse_verify_request(std::string_view body) {
  return parse_body<verify_request>(body, [](body_fields& in) {
    verify_request request;
    request.kind = in.choice("type", proof_kinds);
    request.wallet = in.address("walletPubkey");
    if (request.kind == proof_kind::transaction) {
      request.signed_transaction = in.transaction("signedTransaction");
      return request;
    }
    const auto signature = solana::signature::parse(in.text("signature"));
    if (signature)
      request.signature = *signature;
    else
      in.add_error("signature", "Must be a base58 signature");
    return request;
  });
}

}  // namespace landfall::executor::api
