#pragma once

#include <span>
#include <string_view>

#include "common/solana/instruction.hpp"
#include "common/solana/programs.hpp"
#include "common/solana/pubkey.hpp"

/// Instructions of the Memo programs.
namespace landfall::solana::memo {

/// Writes `text` into the transaction's log. It has to be valid UTF-8, or the transaction fails; every one of `signers`
/// has to sign. v1 knows no signers.
[[nodiscard]] instruction write(std::string_view text, std::span<const pubkey> signers = {},
                                const pubkey& program = programs::memo_v3);

}  // namespace landfall::solana::memo
