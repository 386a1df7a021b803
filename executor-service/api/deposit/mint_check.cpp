#include "executor-service/api/deposit/mint_check.hpp"

#include "common/solana/programs.hpp"
#include "common/solana/token.hpp"

namespace landfall::executor::api {

mint_check::verdict mint_check::check(chain_gateway& chain, const stored_token& token) {
  if (token.token_program != solana::programs::token)
    return {false, false,
            "Only tokens of the SPL Token program are supported: Token-2022 mints may charge transfer fees"};
  auto known_as = token.mint.to_string() + "/" + std::to_string(token.decimals);
  {
    const std::lock_guard lock{mutex_};
    if (right_.contains(known_as))
      return {true, false, {}};
  }
  const auto account = chain.account(token.mint, std::nullopt);
  if (!account)
    return {false, true, account.error().message};
  if (!*account)
    return {false, false, "The mint does not exist on chain"};
  if ((*account)->owner != solana::programs::token)
    return {false, false,
            "Only tokens of the SPL Token program are supported: Token-2022 mints may charge transfer fees"};
  const auto mint = solana::token::decode_mint((*account)->data);
  if (!mint || mint->decimals != token.decimals)
    return {false, false, "The mint is not the token it is listed as"};
  const std::lock_guard lock{mutex_};
  right_.insert(std::move(known_as));
  return {true, false, {}};
}

}  // namespace landfall::executor::api
