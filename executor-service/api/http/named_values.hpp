#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace landfall::executor::api {

/// One value of an enumeration and how the API writes it.
template <class Enum>
struct named {
  std::string_view name;
  Enum value;
};

template <class Enum, std::size_t N>
std::string_view name_in(const std::array<named<Enum>, N>& names, Enum value) noexcept {
  for (const auto& entry : names)
    if (entry.value == value)
      return entry.name;
  return "unknown";
}

template <class Enum, std::size_t N>
std::optional<Enum> value_in(const std::array<named<Enum>, N>& names, std::string_view name) noexcept {
  for (const auto& entry : names)
    if (entry.name == name)
      return entry.value;
  return std::nullopt;
}

/// The error text for a value that is none of `names`.
template <class Enum, std::size_t N>
std::string one_of(const std::array<named<Enum>, N>& names) {
  std::string text = "Must be one of: ";
  for (std::size_t i = 0; i < N; ++i)
    text.append(i == 0 ? "" : ", ").append(names[i].name);
  return text;
}

}  // namespace landfall::executor::api
