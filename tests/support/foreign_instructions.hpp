#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

#include "common/solana/instruction.hpp"
#include "common/solana/programs.hpp"

/// Instructions of the token programs that nothing of ours builds, as a router or a maker may send them, and readings
/// that only tests need.
namespace landfall::tests::token {

inline solana::bytes tagged(std::uint8_t tag, std::uint64_t amount) {
  solana::bytes data{tag};
  for (unsigned shift = 0; shift < 64; shift += 8)
    data.push_back(static_cast<std::uint8_t>(amount >> shift));
  return data;
}

inline solana::instruction approve(const solana::pubkey& source, const solana::pubkey& delegate,
                                   const solana::pubkey& owner, std::uint64_t amount,
                                   const solana::pubkey& program = solana::programs::token) {
  return {program,
          {solana::writable(source), solana::readonly(delegate), solana::readonly_signer(owner)},
          tagged(4, amount)};
}

inline solana::instruction burn(const solana::pubkey& account, const solana::pubkey& mint, const solana::pubkey& owner,
                                std::uint64_t amount, const solana::pubkey& program = solana::programs::token) {
  return {
      program, {solana::writable(account), solana::writable(mint), solana::readonly_signer(owner)}, tagged(8, amount)};
}

inline solana::instruction sync_native(const solana::pubkey& account,
                                       const solana::pubkey& program = solana::programs::token) {
  return {program, {solana::writable(account)}, {17}};
}

inline bool of_token_program(const solana::instruction& i) {
  return i.program_id == solana::programs::token || i.program_id == solana::programs::token_2022;
}

struct transferred {
  solana::pubkey source;
  solana::pubkey destination;
  std::uint64_t amount = 0;
};

/// What an instruction transfers; nothing if it is no unchecked transfer of either token program.
inline std::optional<transferred> decode_transfer(const solana::instruction& i) {
  if (!of_token_program(i) || i.data.size() != 9 || i.data[0] != 3 || i.accounts.size() < 3)
    return std::nullopt;
  transferred found{i.accounts[0].key, i.accounts[1].key, 0};
  for (std::size_t byte = 8; byte > 0; --byte)
    found.amount = found.amount << 8U | i.data[byte];
  return found;
}

struct closed_account {
  solana::pubkey program;
  solana::pubkey account;
  solana::pubkey destination;
  solana::pubkey owner;

  friend bool operator==(const closed_account&, const closed_account&) = default;
};

/// What an instruction closes; nothing if it is no close of either token program.
inline std::optional<closed_account> decode_close_account(const solana::instruction& i) {
  if (!of_token_program(i) || i.data != solana::bytes{9} || i.accounts.size() < 3)
    return std::nullopt;
  return closed_account{i.program_id, i.accounts[0].key, i.accounts[1].key, i.accounts[2].key};
}

}  // namespace landfall::tests::token
