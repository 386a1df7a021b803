#include "executor-service/api/deposit/mint_check.hpp"

#include "common/solana/programs.hpp"
#include "common/solana/token.hpp"

namespace landfall::executor::api {

namespace {

constexpr const char* not_spl_token =
    "Only tokens of the SPL Token program are supported: Token-2022 mints may charge transfer fees";

std::string name_of(const stored_token& token) {
  return token.mint.to_string() + "/" + std::to_string(token.decimals);
}

}  // namespace

void mint_check::check(chain_gateway& chain, const stored_token& token, std::function<void(const answer&)> done) {
  if (token.token_program != solana::programs::token)
    return done({false, false, not_spl_token});
  bool known = false;
  {
    const std::lock_guard lock{mutex_};
    known = right_.contains(name_of(token));
  }
  if (known)
    return done({true, false, {}});
  chain.account(token.mint, std::nullopt,
                [this, token, done = std::move(done)](const chain_result<std::optional<account_info>>& account) {
                  done(judge(token, account));
                });
}

mint_check::answer mint_check::judge(const stored_token& token,
                                     const chain_result<std::optional<account_info>>& account) {
  if (!account)
    return {false, true, account.error().message};
  if (!*account)
    return {false, false, "The mint does not exist on chain"};
  if ((*account)->owner != solana::programs::token)
    return {false, false, not_spl_token};
  const auto mint = solana::token::decode_mint((*account)->data);
  if (!mint || mint->decimals != token.decimals)
    return {false, false, "The mint is not the token it is listed as"};
  const std::lock_guard lock{mutex_};
  right_.insert(name_of(token));
  return {true, false, {}};
}

}  // namespace landfall::executor::api
