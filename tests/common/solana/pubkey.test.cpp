#include "common/solana/pubkey.hpp"

#include <doctest/doctest.h>

#include <sstream>
#include <type_traits>
#include <unordered_set>

#include "common/solana/programs.hpp"
#include "tests/common/solana/hex.hpp"

using namespace landfall::solana;

TEST_SUITE_BEGIN("common/solana/pubkey");

TEST_CASE("program ids have the known bytes") {
  CHECK(programs::system == pubkey{});
  CHECK(programs::system.is_zero());
  CHECK(to_hex(programs::token.view()) == "06ddf6e1d765a193d9cbe146ceeb79ac1cb485ed5f5b37913a8cf5857eff00a9");
  CHECK(to_hex(programs::token_2022.view()) == "06ddf6e1ee758fde18425dbce46ccddab61afc4d83b90d27febdf928d8a18bfc");
  CHECK(to_hex(programs::associated_token.view()) ==
        "8c97258f4e2489f1bb3d1029148e0d830b5a1399daff1084048e7bd8dbe9f859");
  CHECK(to_hex(programs::compute_budget.view()) == "0306466fe5211732ffecadba72c39be7bc8ce5bbc5f7126b2c439b3a40000000");
}

TEST_CASE("keys come back as the text they were read from") {
  for (const char* text :
       {"11111111111111111111111111111111", "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA",
        "MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr", "So11111111111111111111111111111111111111112",
        "AddressLookupTab1e1111111111111111111111111", "JEKNVnkbo3jma5nREBBJCDoXFVeKkD56V3xKrvRmWxFG"}) {
    CAPTURE(text);
    const auto parsed = pubkey::parse(text);
    REQUIRE(parsed);
    CHECK(parsed->to_string() == text);
    std::ostringstream out;
    out << *parsed;
    CHECK(out.str() == text);
  }
}

TEST_CASE("text of another length than 32 bytes is no key") {
  CHECK(pubkey::parse("").error() == parse_error::wrong_length);
  CHECK(pubkey::parse("1111111111111111111111111111111").error() == parse_error::wrong_length);
  CHECK(pubkey::parse("111111111111111111111111111111111").error() == parse_error::wrong_length);
  CHECK(pubkey::parse(std::string(44, 'z')).error() == parse_error::wrong_length);
  CHECK(pubkey::parse(std::string(1'000'000, '1')).error() == parse_error::wrong_length);
  CHECK(pubkey::parse("0okenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA").error() == parse_error::bad_character);
  CHECK(pubkey::parse(base58_encode(bytes(31, 0xff))).error() == parse_error::wrong_length);
  CHECK(pubkey::parse(base58_encode(bytes(33, 0xff))).error() == parse_error::wrong_length);
  CHECK(pubkey::parse(base58_encode(bytes(32, 0xff))).value() == key(0xff));
  CHECK(pubkey::from_bytes(bytes(31)).error() == parse_error::wrong_length);
}

TEST_CASE("signatures are 64 bytes and know the empty slot") {
  CHECK(signature{}.is_zero());
  CHECK(signature{}.to_string() == std::string(64, '1'));
  const std::string longest = base58_encode(bytes(64, 0xff));
  CHECK(longest.size() == 88);
  CHECK_FALSE(signature::parse(longest)->is_zero());
  CHECK(signature::parse(longest)->to_string() == longest);
  CHECK_FALSE(signature::parse("11111111111111111111111111111111"));
}

TEST_CASE("keys order by their bytes and work as hash keys") {
  CHECK(key(1) < key(2));
  CHECK(key(0x7f) < key(0x80));
  const std::unordered_set<pubkey> set{key(1), key(2), key(1)};
  CHECK(set.size() == 2);
  CHECK(std::hash<pubkey>{}(key(1)) == std::hash<pubkey>{}(key(1)));
  static_assert(!std::is_convertible_v<pubkey, blockhash>);
  static_assert(!std::is_constructible_v<pubkey, blockhash>);
}

TEST_SUITE_END();
