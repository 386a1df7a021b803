#pragma once

#include <charconv>
#include <concepts>
#include <limits>
#include <optional>
#include <string_view>
#include <system_error>

namespace landfall::domain {

/// The whole of `text` as a decimal integer within `least` and `greatest`; nothing for anything else: no blank, no "+",
/// no "-" where `Integer` is unsigned, nothing behind the digits. Leading zeros are digits like others.
template <std::integral Integer>
requires(!std::same_as<Integer, bool>)
    [[nodiscard]] std::optional<Integer> parse_number(std::string_view text,
                                                      Integer least = std::numeric_limits<Integer>::min(),
                                                      Integer greatest = std::numeric_limits<Integer>::max()) noexcept {
  Integer number{};
  const auto* const end = text.data() + text.size();
  const auto [stopped, problem] = std::from_chars(text.data(), end, number);
  if (problem != std::errc{} || stopped != end || number < least || number > greatest)
    return std::nullopt;
  return number;
}

}  // namespace landfall::domain
