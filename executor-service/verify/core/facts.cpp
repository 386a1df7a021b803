#include "executor-service/verify/core/facts.hpp"

namespace landfall::executor::verify {

using domain::int128;

namespace {

/// Blocks beyond the last that can take a transaction, as for a death certificate.
constexpr std::uint64_t margin_blocks = 2;

}  // namespace

int128 held_in(const std::optional<token_account_facts>& account, const solana::pubkey& program,
               const solana::pubkey& mint, const solana::pubkey& vault) {
  if (!account || account->program != program || account->mint != mint || account->owner != vault)
    return 0;
  return wide(account->amount);
}

bool past_its_life(const attempt_facts& a, std::uint64_t finalized_block_height) {
  return a.signature && !a.by_maker && a.last_valid_block_height > 0 &&
         finalized_block_height >= a.last_valid_block_height + margin_blocks;
}

std::vector<const attempt_facts*> attempts_to_ask(const order_facts& stored, std::uint64_t finalized_block_height) {
  std::vector<const attempt_facts*> list;
  // Siblings too: whether a dead swap of the other leg landed decides on a double swap of the deposit.
  for (const auto& a : stored.attempts)
    if (a.outcome ? needs_status(a) : past_its_life(a, finalized_block_height))
      list.push_back(&a);
  return list;
}

std::string to_text(int128 number) {
  if (number == 0)
    return "0";
  const bool negative = number < 0;
  auto rest = negative ? -static_cast<domain::uint128>(number) : static_cast<domain::uint128>(number);
  std::string digits;
  for (; rest != 0; rest /= 10)
    digits.insert(digits.begin(), static_cast<char>('0' + static_cast<int>(rest % 10)));
  return negative ? "-" + digits : digits;
}

}  // namespace landfall::executor::verify
