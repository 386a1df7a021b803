#include "executor-service/api/token.hpp"

#include <sodium.h>

#include "common/json/reader.hpp"
#include "common/json/writer.hpp"

namespace landfall::executor::api {

namespace {

/// {"alg":"HS256","typ":"JWT"}
constexpr std::string_view header = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9";
constexpr std::string_view derivation_label = "landfall session token v1";
constexpr std::size_t longest_token = 1024;
constexpr int variant = sodium_base64_VARIANT_URLSAFE_NO_PADDING;

std::string base64url(std::span<const std::uint8_t> data) {
  std::string text(sodium_base64_encoded_len(data.size(), variant), '\0');
  sodium_bin2base64(text.data(), text.size(), data.data(), data.size(), variant);
  text.pop_back();
  return text;
}

/// Whole and canonical, or nothing.
std::optional<std::string> from_base64url(std::string_view text) {
  std::string data(text.size(), '\0');
  std::size_t size = 0;
  const char* end = nullptr;
  if (sodium_base642bin(reinterpret_cast<unsigned char*>(data.data()), data.size(), text.data(), text.size(), nullptr,
                        &size, &end, variant) != 0 ||
      end != text.data() + text.size())
    return std::nullopt;
  data.resize(size);
  return data;
}

std::span<const std::uint8_t> bytes_of(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

token_key mac_of(std::span<const std::uint8_t, 32> key, std::string_view text) {
  token_key mac{};
  crypto_auth_hmacsha256(mac.data(), bytes_of(text).data(), text.size(), key.data());
  return mac;
}

}  // namespace

token_key derive_token_key(std::span<const std::uint8_t, 32> master) {
  return mac_of(master, derivation_label);
}

std::string issue_token(const token_key& key, const solana::pubkey& wallet, domain::utc_time now,
                        std::chrono::milliseconds life) {
  json::writer claims;
  claims.begin_object()
      .member("sub", wallet.to_string())
      .member("iat", domain::unix_ms(now) / 1000)
      .member("exp", domain::unix_ms(now + life) / 1000)
      .end_object();
  auto token = std::string{header} + "." + base64url(bytes_of(claims.take()));
  const auto mac = mac_of(key, token);
  return token + "." + base64url(mac);
}

std::optional<solana::pubkey> token_wallet(const token_key& key, std::string_view token, domain::utc_time now) {
  if (token.size() > longest_token)
    return std::nullopt;
  const auto mac_dot = token.rfind('.');
  if (mac_dot == std::string_view::npos)
    return std::nullopt;
  const auto signed_part = token.substr(0, mac_dot);
  const auto claims_dot = signed_part.find('.');
  if (claims_dot == std::string_view::npos || signed_part.substr(0, claims_dot) != header)
    return std::nullopt;

  const auto given = from_base64url(token.substr(mac_dot + 1));
  const auto expected = mac_of(key, signed_part);
  if (!given || given->size() != expected.size() || sodium_memcmp(given->data(), expected.data(), expected.size()) != 0)
    return std::nullopt;

  const auto text = from_base64url(signed_part.substr(claims_dot + 1));
  if (!text)
    return std::nullopt;
  const auto claims = json::parse(*text);
  if (!claims)
    return std::nullopt;
  const auto expires = json::as_i64(json::find(*claims, "exp"));
  const auto subject = json::as_string(json::find(*claims, "sub"));
  if (!expires || !subject || domain::unix_ms(now) / 1000 >= *expires)
    return std::nullopt;
  const auto wallet = solana::pubkey::parse(*subject);
  if (!wallet)
    return std::nullopt;
  return *wallet;
}

}  // namespace landfall::executor::api
