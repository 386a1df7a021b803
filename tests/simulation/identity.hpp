#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "common/domain/uuid.hpp"
#include "common/solana/pubkey.hpp"
#include "executor-service/order/core/order.hpp"

namespace landfall::simulation {

/// Names made of a number, so that a signature leads to its transaction without a search.
template <std::size_t Size>
std::array<std::uint8_t, Size> bytes_of(std::uint64_t number) {
  std::array<std::uint8_t, Size> bytes{};
  for (std::size_t i = 0; i < 8; ++i)
    bytes[i] = static_cast<std::uint8_t>(number >> (8 * i));
  return bytes;
}

template <class Bytes>
std::uint64_t number_of(const Bytes& bytes) {
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < 8; ++i)
    number |= static_cast<std::uint64_t>(bytes[i]) << (8 * i);
  return number;
}

/// Numbers of transactions start at 1 here: a zero signature is none. A market maker may sign one message more than
/// once: `copy` tells its signatures apart.
inline solana::signature signature_of(std::size_t transaction, std::uint8_t copy = 0) {
  auto bytes = bytes_of<64>(transaction + 1);
  bytes.back() = copy;
  return solana::signature{bytes};
}
inline std::size_t transaction_of(const solana::signature& s) {
  return static_cast<std::size_t>(number_of(s.bytes())) - 1;
}
inline domain::attempt_id attempt_id_of(std::size_t transaction) {
  return domain::attempt_id{bytes_of<16>(transaction + 1)};
}
/// The transaction of a stored attempt, whether or not its signature is known.
inline std::size_t transaction_of(const executor::attempt& a) {
  return static_cast<std::size_t>(number_of(a.id.bytes())) - 1;
}

}  // namespace landfall::simulation
