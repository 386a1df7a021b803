#pragma once

#include <array>
#include <cstdint>

namespace landfall::simulation {

/// xoshiro256** seeded by splitmix64. The distributions are our own: those of the standard library differ between
/// implementations, and a seed has to mean the same everywhere.
class random {
public:
  explicit random(std::uint64_t seed) {
    for (auto& word : state_) {
      seed += 0x9e3779b97f4a7c15U;
      auto z = seed;
      z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9U;
      z = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
      word = z ^ (z >> 31U);
    }
  }

  std::uint64_t next() {
    const auto rotate = [](std::uint64_t x, unsigned by) { return (x << by) | (x >> (64U - by)); };
    const auto out = rotate(state_[1] * 5, 7) * 9;
    const auto t = state_[1] << 17U;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= t;
    state_[3] = rotate(state_[3], 45);
    return out;
  }

  /// 0 … bound-1; 0 for a bound of 0.
  std::uint64_t below(std::uint64_t bound) {
    return bound == 0 ? 0 : (next() >> 11U) % bound;
  }
  /// low … high, both included.
  std::int64_t between(std::int64_t low, std::int64_t high) {
    return low + static_cast<std::int64_t>(below(static_cast<std::uint64_t>(high - low + 1)));
  }
  bool chance(int permille) {
    return permille > 0 && below(1000) < static_cast<std::uint64_t>(permille);
  }

private:
  std::array<std::uint64_t, 4> state_{};
};

}  // namespace landfall::simulation
