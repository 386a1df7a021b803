#include "common/solana/keypair.hpp"

#include <doctest/doctest.h>

#include <array>
#include <string>
#include <type_traits>

#include "tests/common/solana/hex.hpp"

using namespace landfall::solana;

namespace {

constexpr const char* seed_hex = "ebfa65eb93dc79157abadea2f794379dfc071d688687376dc5d5a054121d344a";
constexpr const char* public_hex = "1d0e93864dcc815fc3f286180911d00a3fd206de31a1c94287cb43f05fc9f2b5";

template <std::size_t Size>
std::array<std::uint8_t, Size> array_of(byte_view data) {
  std::array<std::uint8_t, Size> out{};
  REQUIRE(data.size() == Size);
  std::copy(data.begin(), data.end(), out.begin());
  return out;
}

keypair pair_of(const char* seed) {
  return keypair::from_seed(array_of<32>(from_hex(seed))).value();
}

std::string json_of(byte_view data) {
  std::string text = "[";
  for (const auto byte : data)
    text += (text.size() == 1 ? "" : ",") + std::to_string(byte);
  return text + "]";
}

bytes secret_bytes() {
  return from_hex(std::string{seed_hex} + public_hex);
}

}  // namespace

TEST_SUITE_BEGIN("common/solana/keypair");

TEST_CASE("a seed gives the known public key and signature") {
  const keypair pair = pair_of(seed_hex);
  CHECK(to_hex(pair.public_key().view()) == public_hex);
  const bytes message = from_hex("010203");
  const signature sig = pair.sign(message);
  CHECK(to_hex(sig.view()) ==
        "426fb8e4efbd7f2e17a875453a8f84a470bdcbe4b7970017b3b5344b70e19680"
        "b8a4241565cd731c7fdd1887e50845e810e12ce511ecceae66cf4ffd6007ae0a");
  CHECK(verify(pair.public_key(), message, sig));
}

TEST_CASE("RFC 8032 test vectors") {
  const keypair first = pair_of("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60");
  CHECK(to_hex(first.public_key().view()) == "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
  CHECK(to_hex(first.sign({}).view()) ==
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
        "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b");
  CHECK(verify(first.public_key(), {}, first.sign({})));
}

TEST_CASE("a signature fits only its message, its key and its bytes") {
  const keypair pair = pair_of(seed_hex);
  const bytes message = from_hex("010203");
  const signature sig = pair.sign(message);
  CHECK_FALSE(verify(pair.public_key(), from_hex("010204"), sig));
  CHECK_FALSE(verify(pair.public_key(), {}, sig));
  CHECK_FALSE(verify(key(7), message, sig));
  CHECK_FALSE(verify(pair.public_key(), message, signature{}));
  for (std::size_t i = 0; i < 64; ++i) {
    auto changed = sig.bytes();
    changed[i] ^= 1U;
    CHECK_FALSE(verify(pair.public_key(), message, signature{changed}));
  }
}

TEST_CASE("a signature whose scalar is not reduced is refused") {
  const keypair pair = pair_of(seed_hex);
  const bytes message = from_hex("010203");
  auto raw = pair.sign(message).bytes();
  // S + the group order is the same scalar, written differently.
  const bytes order = from_hex("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
  unsigned carry = 0;
  for (std::size_t i = 0; i < 32; ++i) {
    carry += unsigned{raw[32 + i]} + order[i];
    raw[32 + i] = static_cast<std::uint8_t>(carry);
    carry >>= 8U;
  }
  CHECK_FALSE(verify(pair.public_key(), message, signature{raw}));
}

TEST_CASE("small-order keys verify nothing") {
  // With the neutral element as key, R = neutral and S = 0 would fit every message.
  const bytes neutral = from_hex("0100000000000000000000000000000000000000000000000000000000000000");
  std::array<std::uint8_t, 64> forged{};
  forged[0] = 1;
  CHECK_FALSE(verify(pubkey::from_bytes(neutral).value(), from_hex("010203"), signature{forged}));
  CHECK_FALSE(verify(pubkey{}, from_hex("010203"), signature{forged}));
}

TEST_CASE("the secret bytes have to hold both matching halves") {
  const auto good = array_of<64>(secret_bytes());
  CHECK(keypair::from_secret_bytes(good).value().public_key() == key_from_hex(public_hex));
  for (const std::size_t at : {0U, 31U, 32U, 63U}) {
    auto changed = good;
    changed[at] ^= 1U;
    const auto refused = keypair::from_secret_bytes(changed);
    REQUIRE_FALSE(refused);
    CHECK(refused.error() == key_error::mismatched_halves);
  }
}

TEST_CASE("a key file is a JSON array of 64 bytes") {
  const std::string json = json_of(secret_bytes());
  CHECK(keypair::from_json_array(json).value().public_key() == key_from_hex(public_hex));
  std::string spaced = " ";
  for (const char c : json)
    spaced += c == ',' ? std::string{" ,\n\t"} : std::string{c};
  CHECK(keypair::from_json_array(spaced + "\r\n").value().public_key() == key_from_hex(public_hex));

  bytes mismatched = secret_bytes();
  mismatched[63] ^= 1U;
  CHECK(keypair::from_json_array(json_of(mismatched)).error() == key_error::mismatched_halves);
}

TEST_CASE("anything but 64 plain numbers is no key file") {
  const std::string json = json_of(secret_bytes());
  const std::string inner = json.substr(1, json.size() - 2);
  const std::string one_less = inner.substr(inner.find(',') + 1);
  for (const std::string& text : {std::string{},
                                  std::string{"["},
                                  std::string{"[]"},
                                  inner,
                                  "[" + inner,
                                  inner + "]",
                                  json + "x",
                                  json + ",",
                                  json + json,
                                  "[" + one_less + "]",
                                  "[" + one_less + ",]",
                                  "[," + inner + "]",
                                  "[" + inner + ",1]",
                                  "[256," + one_less + "]",
                                  "[-1," + one_less + "]",
                                  "[1.0," + one_less + "]",
                                  "[0x1," + one_less + "]",
                                  "[01," + one_less + "]",
                                  "[1e1," + one_less + "]",
                                  "[\"1\"," + one_less + "]",
                                  "[1 2," + one_less + "]",
                                  "[00000000000000000000235," + one_less + "]",
                                  "[4294967531," + one_less + "]",
                                  "{" + inner + "}"}) {
    CAPTURE(text);
    const auto parsed = keypair::from_json_array(text);
    REQUIRE_FALSE(parsed);
    CHECK(parsed.error() == key_error::malformed);
  }
}

TEST_CASE("a key pair moves and does not copy") {
  static_assert(!std::is_copy_constructible_v<keypair> && !std::is_copy_assignable_v<keypair>);
  static_assert(std::is_nothrow_move_constructible_v<keypair> && std::is_nothrow_move_assignable_v<keypair>);
  keypair first = pair_of(seed_hex);
  const signature sig = first.sign(from_hex("010203"));
  keypair second = std::move(first);
  CHECK(second.sign(from_hex("010203")) == sig);
  second = pair_of("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60");
  CHECK(second.sign(from_hex("010203")) != sig);
}

TEST_CASE("derived keys are frozen") {
  const auto master = array_of<32>(from_hex("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"));
  const keypair vault = derive_keypair(master, "vault", key(1).view()).value();
  CHECK(to_hex(vault.public_key().view()) == "13f7585fee11ed94111687562d8a8a7aadfd10831bbb09390a02ec69addc5827");
  const keypair again = derive_keypair(master, "vault", key(1).view()).value();
  CHECK(again.public_key() == vault.public_key());
}

TEST_CASE("derived keys differ by master secret, domain and context") {
  auto master = array_of<32>(from_hex("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"));
  const auto derive = [&](std::string_view domain, byte_view context) {
    return derive_keypair(master, domain, context).value().public_key();
  };
  const pubkey vault = derive("vault", key(1).view());
  CHECK(derive("vault", key(2).view()) != vault);
  CHECK(derive("vaulu", key(1).view()) != vault);
  CHECK(derive("ab", view_of("c")) != derive("a", view_of("bc")));
  CHECK(derive("vault", {}) != vault);
  master[31] ^= 1U;
  CHECK(derive("vault", key(1).view()) != vault);
  CHECK(derive_keypair(master, "", {}).error() == key_error::empty_domain);
}

TEST_SUITE_END();
