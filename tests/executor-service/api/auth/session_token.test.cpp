#include "executor-service/api/auth/session_token.hpp"

#include <doctest/doctest.h>
#include <sodium.h>

#include <string>

#include "common/solana/crypto.hpp"
#include "common/solana/programs.hpp"
#include "tests/support/keys.hpp"

namespace landfall::executor::api {
namespace {

using namespace std::chrono_literals;

const auto now = domain::from_unix_ms(1'800'000'000'000);
constexpr auto wallet = solana::mints::wrapped_sol;

session_key session_key_of(std::uint8_t fill) {
  solana::initialize_crypto();
  return derive_session_key(landfall::tests::filled<32>(fill));
}

std::string base64url(std::string_view text) {
  constexpr int variant = sodium_base64_VARIANT_URLSAFE_NO_PADDING;
  std::string out(sodium_base64_encoded_len(text.size(), variant), '\0');
  sodium_bin2base64(out.data(), out.size(), reinterpret_cast<const unsigned char*>(text.data()), text.size(), variant);
  out.pop_back();
  return out;
}

/// A token with any header and claims, signed with `key`.
std::string signed_token(const session_key& key, std::string_view header, std::string_view claims) {
  const auto text = base64url(header) + "." + base64url(claims);
  session_key mac{};
  crypto_auth_hmacsha256(mac.data(), reinterpret_cast<const unsigned char*>(text.data()), text.size(), key.data());
  return text + "." + base64url({reinterpret_cast<const char*>(mac.data()), mac.size()});
}

const std::string honest_header = R"({"alg":"HS256","typ":"JWT"})";
const std::string honest_claims =
    R"({"sub":"So11111111111111111111111111111111111111112","iat":1800000000,"exp":1800000060})";

TEST_SUITE("token") {
  TEST_CASE("a token names its wallet until it runs out") {
    const auto key = session_key_of(7);
    const auto token = issue_token(key, wallet, now, 24h);
    CHECK(token_wallet(key, token, now) == wallet);
    CHECK(token_wallet(key, token, now + 24h - 1s) == wallet);
    CHECK_FALSE(token_wallet(key, token, now + 24h));
    CHECK_FALSE(token_wallet(key, token, now + 48h));
  }

  TEST_CASE("the test's own signer agrees with the real one") {
    const auto key = session_key_of(7);
    CHECK(token_wallet(key, signed_token(key, honest_header, honest_claims), now) == wallet);
  }

  TEST_CASE("a token of another secret is refused") {
    CHECK_FALSE(token_wallet(session_key_of(8), issue_token(session_key_of(7), wallet, now, 24h), now));
  }

  TEST_CASE("the session key is not the master secret itself") {
    std::array<std::uint8_t, 32> master{};
    master.fill(7);
    CHECK(session_key_of(7) != master);
  }

  TEST_CASE("the bearer does not choose the algorithm") {
    const auto key = session_key_of(7);
    for (const std::string header :
         {R"({"alg":"none","typ":"JWT"})", R"({"alg":"None"})", R"({"alg":"HS512","typ":"JWT"})",
          R"({"alg":"RS256","typ":"JWT"})", R"({"typ":"JWT","alg":"HS256"})", R"({})", ""}) {
      CAPTURE(header);
      CHECK_FALSE(token_wallet(key, signed_token(key, header, honest_claims), now));
      const auto unsigned_text = base64url(header) + "." + base64url(honest_claims);
      CHECK_FALSE(token_wallet(key, unsigned_text + ".", now));
      CHECK_FALSE(token_wallet(key, unsigned_text, now));
    }
  }

  TEST_CASE("claims that say nothing are refused even under a right signature") {
    const auto key = session_key_of(7);
    for (const std::string claims :
         {R"({"sub":"So11111111111111111111111111111111111111112"})", R"({"exp":1800000060})",
          R"({"sub":"So11111111111111111111111111111111111111112","exp":"1800000060"})",
          R"({"sub":"So11111111111111111111111111111111111111112","exp":1e99})",
          R"({"sub":"So11111111111111111111111111111111111111112","exp":null})", R"({"sub":5,"exp":1800000060})",
          R"({"sub":"nobody","exp":1800000060})", "[]", "null", "", "{", "\xff\xfe"}) {
      CAPTURE(claims);
      CHECK_FALSE(token_wallet(key, signed_token(key, honest_header, claims), now));
    }
  }

  TEST_CASE("any changed character ends a token") {
    const auto key = session_key_of(7);
    const auto token = issue_token(key, wallet, now, 24h);
    for (std::size_t i = 0; i < token.size(); ++i) {
      auto forged = token;
      forged[i] = forged[i] == 'A' ? 'B' : 'A';
      CAPTURE(i);
      CHECK_FALSE(token_wallet(key, forged, now));
    }
    CHECK_FALSE(token_wallet(key, token.substr(0, token.size() - 1), now));
    for (const std::string extra : {".", "=", " ", "\n", "A", ".AAAA"}) {
      CHECK_FALSE(token_wallet(key, token + extra, now));
      CHECK_FALSE(token_wallet(key, extra + token, now));
    }
  }

  TEST_CASE("text that is no token is refused") {
    const auto key = session_key_of(7);
    for (const std::string text : {"", ".", "..", "...", "a.b.c", "Bearer x"})
      CHECK_FALSE(token_wallet(key, text, now));
    CHECK_FALSE(token_wallet(key, std::string(100'000, 'A'), now));
  }
}

}  // namespace
}  // namespace landfall::executor::api
