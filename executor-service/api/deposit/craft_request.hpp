#pragma once

#include <string_view>

#include "common/domain/token_amount.hpp"
#include "common/solana/pubkey.hpp"
#include "executor-service/api/http/reply.hpp"

namespace landfall::executor::api {

struct craft_request {
  solana::pubkey wallet;
  solana::pubkey input_mint;
  solana::pubkey output_mint;
  domain::token_amount amount;
};

[[nodiscard]] validated<craft_request> parse_craft_request(std::string_view body);

}  // namespace landfall::executor::api
