#pragma once

#include <sodium.h>

#include <algorithm>
#include <cstdint>
#include <span>

#include "common/domain/result.hpp"

namespace landfall::executor {

/// The 32 bytes from which every vault's key is derived, in guarded memory, wiped at the end. Never copied, never
/// logged.
class master_secret {
public:
  explicit master_secret(std::span<const std::uint8_t, 32> bytes)
      : memory_(static_cast<std::uint8_t*>(sodium_malloc(32))) {
    if (memory_ == nullptr)
      domain::broken_invariant("no guarded memory for the master secret");
    std::copy(bytes.begin(), bytes.end(), memory_);
    sodium_mprotect_readonly(memory_);
  }
  ~master_secret() {
    sodium_free(memory_);
  }
  master_secret(const master_secret&) = delete;
  master_secret& operator=(const master_secret&) = delete;

  [[nodiscard]] std::span<const std::uint8_t, 32> bytes() const {
    return std::span<const std::uint8_t, 32>{memory_, 32};
  }

private:
  std::uint8_t* memory_;
};

}  // namespace landfall::executor
