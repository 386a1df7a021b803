#include "common/solana/memo.hpp"

namespace landfall::solana::memo {

instruction write(std::string_view text, std::span<const pubkey> signers, const pubkey& program) {
  instruction i{program, {}, bytes(text.begin(), text.end())};
  for (const pubkey& signer : signers)
    i.accounts.push_back(readonly_signer(signer));
  return i;
}

}  // namespace landfall::solana::memo
