#include "executor-service/api/deposit/craft_request.hpp"

#include "executor-service/api/http/body_fields.hpp"

namespace landfall::executor::api {

validated<craft_request> parse_craft_request(std::string_view body) {
  return parse_body<craft_request>(body, [](body_fields& in) {
    craft_request request;
    request.wallet = in.address("userAddress");
    request.input_mint = in.address("inputMint");
    request.output_mint = in.address("outputMint");
    request.amount = in.amount("amount");
    if (request.input_mint == request.output_mint)
      in.add_error("outputMint", "Must differ from inputMint");
    const auto order_type = in.text("orderType");
    if (order_type == "dca")
      in.add_error("orderType", "dca is not supported yet");
    else if (order_type != "price")
      in.add_error("orderType", "Must be one of: price, dca");
    const auto sub_type = in.text("orderSubType");
    if (sub_type == "oco" || sub_type == "otoco")
      in.add_error("orderSubType", std::string{sub_type} + " is not supported yet");
    else if (sub_type != "single")
      in.add_error("orderSubType", "Must be one of: single, oco, otoco");
    if (in.has("jlMint"))
      in.add_error("jlMint", "Only for dca orders, which are not supported yet");
    return request;
  });
}

}  // namespace landfall::executor::api
