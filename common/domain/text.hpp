#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace landfall::domain {

/// How many bytes the well-formed UTF-8 character at the beginning of `text` has; 0 if there is none.
[[nodiscard]] std::size_t utf8_length(std::string_view text);

/// For what is no character.
inline constexpr std::string_view replacement_character = "\xEF\xBF\xBD";

/// What may be kept of a text that somebody else wrote: its first characters, `max_bytes` of them at most and none cut
/// in two. Each NUL and each byte that is not of UTF-8 becomes U+FFFD: a text column takes the result, whatever came.
[[nodiscard]] std::string storable_text(std::string_view text, std::size_t max_bytes = std::string_view::npos);

}  // namespace landfall::domain
