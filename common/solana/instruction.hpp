#pragma once

#include <vector>

#include "common/solana/bytes.hpp"
#include "common/solana/pubkey.hpp"

namespace landfall::solana {

/// An account that an instruction names, and what it needs of it.
struct account_meta {
  pubkey key;
  bool is_signer = false;
  bool is_writable = false;

  friend bool operator==(const account_meta&, const account_meta&) = default;
};

[[nodiscard]] constexpr account_meta writable_signer(const pubkey& key) noexcept {
  return {key, true, true};
}
[[nodiscard]] constexpr account_meta readonly_signer(const pubkey& key) noexcept {
  return {key, true, false};
}
[[nodiscard]] constexpr account_meta writable(const pubkey& key) noexcept {
  return {key, false, true};
}
[[nodiscard]] constexpr account_meta readonly(const pubkey& key) noexcept {
  return {key, false, false};
}

/// One call of an on-chain program. `data` is in that program's own encoding.
struct instruction {
  pubkey program_id;
  std::vector<account_meta> accounts;
  bytes data;

  friend bool operator==(const instruction&, const instruction&) = default;
};

}  // namespace landfall::solana
