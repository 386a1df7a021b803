#include "executor-service/api/order/create_request.hpp"

#include "executor-service/api/http/body_fields.hpp"

namespace landfall::executor::api {

namespace {

/// 9999-12-31T23:59:59.999Z
constexpr std::int64_t max_time_ms = 253'402'300'799'999;
constexpr std::array conditions{named{"above", domain::trigger_condition::above},
                                named{"below", domain::trigger_condition::below}};

}  // namespace

validated<create_request> parse_create_request(std::string_view body) {
  return parse_body<create_request>(body, [](body_fields& in) {
    create_request request;
    const auto order_type = in.text("orderType");
    if (order_type == "oco" || order_type == "otoco")
      in.add_error("orderType", std::string{order_type} + " is not supported yet");
    else if (order_type != "single")
      in.add_error("orderType", "Must be one of: single, oco, otoco");

    if (const auto id = domain::deposit_request_id::parse(in.text("depositRequestId")))
      request.deposit_request = *id;
    else
      in.add_error("depositRequestId", "Must be the requestId of a crafted deposit");
    request.signed_deposit = in.transaction("depositSignedTx");
    request.wallet = in.address("userPubkey");
    request.input_mint = in.address("inputMint");
    request.input_amount = in.amount("inputAmount");
    request.output_mint = in.address("outputMint");
    request.trigger_mint = in.address("triggerMint");
    if (request.input_mint == request.output_mint)
      in.add_error("outputMint", "Must differ from inputMint");
    if (request.trigger_mint != request.input_mint && request.trigger_mint != request.output_mint)
      in.add_error("triggerMint", "Must be inputMint or outputMint");
    request.condition = in.choice("triggerCondition", conditions);

    if (in.has("trailingBps") && in.has("triggerPriceUsd"))
      in.add_error("trailingBps", "Exactly one of triggerPriceUsd and trailingBps");
    else if (in.has("trailingBps"))
      in.add_error("trailingBps", "trailingBps is not supported yet");
    else
      request.trigger_price_usd = in.price("triggerPriceUsd");

    request.slippage_bps =
        default_slippage_bps(context_of(request.trigger_mint == request.input_mint, request.condition));
    if (in.has("slippageBps"))
      request.slippage_bps =
          static_cast<int>(in.whole("slippageBps", 0, 10'000, "Must be a whole number from 0 to 10000"));
    request.expires_at = domain::from_unix_ms(
        in.whole("expiresAt", 1, max_time_ms, "Must be a time in milliseconds since 1970-01-01T00:00:00Z"));
    return request;
  });
}

}  // namespace landfall::executor::api
