#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "common/domain/result.hpp"
#include "common/solana/bytes.hpp"

namespace landfall::solana {

enum class base64_error {
  malformed,  ///< foreign characters, wrong padding or stray bits in the last group
  too_long,   ///< the text stands for more bytes than the caller allows
};

/// RFC 4648 standard alphabet with padding, as the RPC speaks it.
[[nodiscard]] std::string base64_encode(byte_view data);

/// The bytes behind `text`, at most `max_len` of them. Strict: padding is required, white space is refused.
[[nodiscard]] domain::result<bytes, base64_error> base64_decode(std::string_view text, std::size_t max_len);

}  // namespace landfall::solana
