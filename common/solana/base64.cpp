#include "common/solana/base64.hpp"

#include <sodium.h>

namespace landfall::solana {

std::string base64_encode(byte_view data) {
  std::string text(sodium_base64_encoded_len(data.size(), sodium_base64_VARIANT_ORIGINAL), '\0');
  sodium_bin2base64(text.data(), text.size(), data.data(), data.size(), sodium_base64_VARIANT_ORIGINAL);
  text.pop_back();  // the terminating zero
  return text;
}

domain::result<bytes, base64_error> base64_decode(std::string_view text, std::size_t max_len) {
  if (text.size() % 4 != 0)
    return domain::failure{base64_error::malformed};
  if (text.empty())  // libsodium wants somewhere to write to
    return bytes{};
  const std::size_t room = text.size() / 4 * 3;
  if (room > max_len && room - max_len > 2)
    return domain::failure{base64_error::too_long};
  bytes out(room);
  std::size_t length = 0;
  const char* end = nullptr;
  if (sodium_base642bin(out.data(), out.size(), text.data(), text.size(), nullptr, &length, &end,
                        sodium_base64_VARIANT_ORIGINAL) != 0 ||
      end != text.data() + text.size())
    return domain::failure{base64_error::malformed};
  if (length > max_len)
    return domain::failure{base64_error::too_long};
  out.resize(length);
  return out;
}

}  // namespace landfall::solana
