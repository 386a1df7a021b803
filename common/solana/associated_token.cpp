#include "common/solana/associated_token.hpp"

#include "common/solana/curve.hpp"

namespace landfall::solana::associated_token {
namespace {

constexpr std::uint8_t create_tag = 0;
constexpr std::uint8_t create_idempotent_tag = 1;

}  // namespace

instruction create_idempotent(const pubkey& payer, const pubkey& wallet, const pubkey& mint,
                              const pubkey& token_program) {
  return {programs::associated_token,
          {writable_signer(payer), writable(associated_token_address(wallet, mint, token_program)), readonly(wallet),
           readonly(mint), readonly(programs::system), readonly(token_program)},
          {create_idempotent_tag}};
}

std::optional<create_args> decode_create(const instruction& i) {
  // The program's first version had no tags: empty data is a plain create.
  const std::uint8_t tag = i.data.empty() ? create_tag : i.data[0];
  if (i.program_id != programs::associated_token || i.accounts.size() < 6 || i.data.size() > 1 ||
      tag > create_idempotent_tag || i.accounts[4].key != programs::system)
    return std::nullopt;
  return create_args{i.accounts[0].key, i.accounts[1].key, i.accounts[2].key,
                     i.accounts[3].key, i.accounts[5].key, tag == create_idempotent_tag};
}

}  // namespace landfall::solana::associated_token
