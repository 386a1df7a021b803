#include "common/solana/crypto.hpp"

#include <sodium.h>

#include "common/domain/result.hpp"

namespace landfall::solana {

void initialize_crypto() {
  [[maybe_unused]] static const bool ready = [] {
    if (sodium_init() < 0)
      domain::broken_invariant("libsodium does not start");
    return true;
  }();
}

}  // namespace landfall::solana
