#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace landfall::simulation {

class world;

/// A market maker: signs what it is handed, or does not, and sends it, or does not; what it says of that is another
/// thing.
class maker {
public:
  explicit maker(world& around) : w_(around) {}

  /// The bytes of a transaction reach it, for the first time or again. What it says, or nothing: whether it accepts.
  std::optional<bool> handed(std::size_t transaction);

private:
  enum class will { fills, fills_when_asked_again, fills_last, never };
  struct promise {
    std::size_t transaction = 0;
    will wants = will::fills;
    bool says_yes = true;
    bool says_the_same = true;
    bool silent = false;
    int asked = 0;
  };

  promise& promise_of(std::size_t transaction);

  world& w_;
  std::vector<promise> promises_;
};

}  // namespace landfall::simulation
