#pragma once

#include "common/solana/pubkey.hpp"

namespace landfall::solana {

/// Addresses of on-chain programs.
namespace programs {
inline constexpr pubkey system = pubkey::literal("11111111111111111111111111111111");
inline constexpr pubkey token = pubkey::literal("TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA");
inline constexpr pubkey token_2022 = pubkey::literal("TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb");
inline constexpr pubkey associated_token = pubkey::literal("ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL");
inline constexpr pubkey compute_budget = pubkey::literal("ComputeBudget111111111111111111111111111111");
inline constexpr pubkey address_lookup_table = pubkey::literal("AddressLookupTab1e1111111111111111111111111");
inline constexpr pubkey memo_v1 = pubkey::literal("Memo1UhkJRfHyvLMcVucJwxXeuD728EqVDDwQDxFMNo");
inline constexpr pubkey memo_v3 = pubkey::literal("MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr");
inline constexpr pubkey memo_v4 = pubkey::literal("Memo4c2pN8afCj432Lb7RMVKi9PbQnnW7ewFFaV3oAH");
}  // namespace programs

/// Addresses of accounts the cluster itself keeps.
namespace sysvars {
inline constexpr pubkey rent = pubkey::literal("SysvarRent111111111111111111111111111111111");
}  // namespace sysvars

/// Addresses of well-known mints.
namespace mints {
inline constexpr pubkey wrapped_sol = pubkey::literal("So11111111111111111111111111111111111111112");
}  // namespace mints

}  // namespace landfall::solana
