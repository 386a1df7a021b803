#include "common/solana/curve.hpp"

#include <doctest/doctest.h>
#include <sodium.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "tests/common/solana/hex.hpp"

using namespace landfall::solana;

namespace {

using landfall::domain::result;

const pubkey loader = key("BPFLoaderUpgradeab1e11111111111111111111111");

result<pubkey, address_error> create(const std::vector<bytes>& seeds, const pubkey& program) {
  const std::vector<byte_view> views(seeds.begin(), seeds.end());
  return create_program_address(views, program);
}

result<program_derived_address, address_error> find(const std::vector<bytes>& seeds, const pubkey& program) {
  const std::vector<byte_view> views(seeds.begin(), seeds.end());
  return find_program_address(views, program);
}

bytes text(std::string_view seed) {
  return {seed.begin(), seed.end()};
}

bool on_curve(const pubkey& k) {
  return is_on_curve(k.bytes());
}

}  // namespace

TEST_SUITE_BEGIN("common/solana/curve");

TEST_CASE("known points are on the curve and known others are off") {
  CHECK_FALSE(on_curve(key_from_hex("0079f082a61cc74ea5e2abed64bbf75f32fbdd537afff75257ed6716c9e37299")));
  CHECK_FALSE(on_curve(key_from_hex("c2dec53d44e1fcc69b96f72c2d0a73080c328a0c6ac74bac9f575e7afbf6884b")));
  CHECK(on_curve(key_from_hex("6b8d57af651bd83aee5fc1af1597cf661c6b9db2454dcb59c74da2131b6c399b")));
  CHECK(on_curve(key_from_hex("345ea16d373ea40cb7a538705667136dc4215d2a8f06ddacad158260aa6552c8")));
  CHECK(on_curve(key("nick6zJc6HpW3kfBm4xS2dmbuVRyb5F3AnUvj5ymzR5")));
  CHECK(on_curve(programs::system));
  CHECK(on_curve(programs::token));
  CHECK_FALSE(on_curve(key("CCMCWh4FudPEmY6Q1AVi5o8mQMXkHYkJUmZfzRGdcJ9P")));
  CHECK_FALSE(on_curve(key("2DRxyJDsDccGL6mb8PLMsKQTCU3C7xUq8aprz53VcW4k")));
}

TEST_CASE("points that a stricter check refuses count as on the curve") {
  // The eight small-order points, then y = 1 and y = -1 with the sign of a zero x set, then y = p and y = p + 1.
  for (const char* hex : {"0000000000000000000000000000000000000000000000000000000000000000",
                          "0000000000000000000000000000000000000000000000000000000000000080",
                          "0100000000000000000000000000000000000000000000000000000000000000",
                          "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                          "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
                          "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
                          "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
                          "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
                          "0100000000000000000000000000000000000000000000000000000000000080",
                          "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
                          "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                          "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"}) {
    CAPTURE(hex);
    CHECK(on_curve(key_from_hex(hex)));
  }
}

TEST_CASE("small y and the same y written above p decompress alike") {
  // Which of y = 0 … 18 are on the curve, from the curve equation with big integers.
  const std::array<bool, 19> expected{true, true,  false, true,  true, true, true, false, false, true,
                                      true, false, false, false, true, true, true, false, true};
  for (std::uint8_t y = 0; y < 19; ++y) {
    CAPTURE(y);
    std::array<std::uint8_t, 32> raw{};
    raw[0] = y;
    CHECK(is_on_curve(raw) == expected[y]);
    raw.fill(0xff);
    raw[0] = static_cast<std::uint8_t>(0xed + y);
    raw[31] = 0x7f;
    CHECK(is_on_curve(raw) == expected[y]);
    raw[31] = 0xff;
    CHECK(is_on_curve(raw) == expected[y]);
  }
}

TEST_CASE("the 512 values of y next to 0 and 2 to the 255th agree with the curve equation") {
  // One bit each, from the curve equation with Python's integers: 0 … 127, then 2²⁵⁵−1 downwards, then both again with
  // the sign bit set.
  const bytes expected = from_hex(
      "de63b5fed5b89bef52160f704e0989c1 b8cf7798ed7fb56e26fbd48583dc1382"
      "de63b5fed5b89bef52160f704e0989c1 b8cf7798ed7fb56e26fbd48583dc1382");
  for (std::size_t i = 0; i < 512; ++i) {
    CAPTURE(i);
    std::array<std::uint8_t, 32> raw{};
    const bool high = i / 128 % 2 == 1;
    raw.fill(high ? 0xff : 0);
    raw[0] = static_cast<std::uint8_t>(high ? 255 - i % 128 : i % 128);
    raw[31] = static_cast<std::uint8_t>((raw[31] & 0x7fU) | (i < 256 ? 0U : 0x80U));
    CHECK(is_on_curve(raw) == ((expected[i / 8] >> (7 - i % 8) & 1U) == 1));
  }
}

TEST_CASE("ten thousand hashes are on and off the curve as big integers say") {
  // A chain of SHA-256 that starts from 32 zero bytes; the answers, a byte each, hash to what Python's integers gave.
  std::array<std::uint8_t, 32> raw{};
  bytes answers;
  for (int i = 0; i < 10'000; ++i) {
    crypto_hash_sha256(raw.data(), raw.data(), raw.size());
    answers.push_back(is_on_curve(raw) ? 1 : 0);
  }
  CHECK(std::ranges::count(answers, 1) == 5022);
  crypto_hash_sha256(raw.data(), answers.data(), answers.size());
  CHECK(to_hex(raw) == "f837dd9fcfe162fbf7e5766497747701738f385ba0423f89c29ffd3c8ffe2dc3");
}

TEST_CASE("create_program_address agrees with known values") {
  CHECK(create({{}, {1}}, loader).value() == key("BwqrghZA2htAcqq8dzP1WDAhTXYTYWj7CHxF5j7TDBAe"));
  CHECK(create({text("\xe2\x98\x89"), {0}}, loader).value() == key("13yWmRpaTR4r5nAktwLqMpRNr28tnVUZw26rTvPSSB19"));
  CHECK(create({text("Talking"), text("Squirrels")}, loader).value() ==
        key("2fnQrngrQT4SeLcdToJAD96phoEjNL2man2kfRLCASVk"));
  const pubkey seed = key("SeedPubey1111111111111111111111111111111111");
  CHECK(create({bytes(seed.view().begin(), seed.view().end()), {1}}, loader).value() ==
        key("976ymqVnfE32QFe6NfGDctSvVa36LWnvYxhU6G2232YL"));
}

TEST_CASE("seeds join without separators") {
  CHECK(find({text("butterfly")}, loader).value() == find({text("butter"), text("fly")}, loader).value());
}

TEST_CASE("find_program_address agrees with known values") {
  CHECK(find({}, key("CZ3TbkgUYpDAJVEWpujQhDSgzNTeqbokrJmYa1j4HAZc")).value() ==
        program_derived_address{key("9tVtkyCGAHSDDBPwz7895aC3p2gJRjpu2v26o35FTUco"), 255});
  CHECK(find({}, key("EfTbwNBrSqSuCNBhWUHsBoBdSMWgRU1S47daqRNgW7aK")).value() ==
        program_derived_address{key("CKWT8KZ5GMzKpVRiAULWKPg1LiHt9U3NdAtbuTErHCTq"), 251});
  CHECK(find({{1, 2, 3}}, key("9HT3iB4oX1aZPH5V8eNUGByKuwhfcKjBQ3x9rfEAuNeF")).value() ==
        program_derived_address{key("EeTcRajHcPh74C5D4GqZePac1wYB7Dj9ChTaNHaTH77V"), 251});
  CHECK(find({text("hello")}, key("9PyoV2rqNtoboSvg2JD7GWhM5RQvHGwgdDvK7MCfpgX1")).value() ==
        program_derived_address{key("E6npEurFu1UEbQFh1DsqBvny17XxUK2QPMgxD3Edn3aG"), 251});
}

TEST_CASE("a skipped bump is one that gives a curve point") {
  const pubkey program = key("EfTbwNBrSqSuCNBhWUHsBoBdSMWgRU1S47daqRNgW7aK");
  for (std::uint8_t bump = 255; bump > 251; --bump) {
    CAPTURE(bump);
    CHECK(create({{bump}}, program).error() == address_error::on_curve);
  }
  CHECK(create({{251}}, program));
}

TEST_CASE("the number and length of seeds are bounded") {
  const auto off_curve_or_not = [](const auto& result) { return result || result.error() == address_error::on_curve; };
  CHECK(off_curve_or_not(create(std::vector<bytes>(16, bytes(32, 1)), loader)));
  CHECK(create(std::vector<bytes>(17, bytes{}), loader).error() == address_error::too_many_seeds);
  CHECK(create({bytes(33)}, loader).error() == address_error::seed_too_long);
  CHECK(find(std::vector<bytes>(15, bytes(32, 1)), loader));
  CHECK(find(std::vector<bytes>(16, bytes{}), loader).error() == address_error::too_many_seeds);
  CHECK(find({bytes(33)}, loader).error() == address_error::seed_too_long);
}

TEST_CASE("create_with_seed agrees with known values") {
  CHECK(create_with_seed(pubkey{}, "limber chicken: 4/45", pubkey{}).value() ==
        key("9h1HyLCW5dZnBVap8C5egQ9Z6pHyjsh5MNy83iPqqRuq"));
  CHECK(create_with_seed(key("Bh1uUDP3ApWLeccVNHwyQKpnfGQbuE2UECbGA6M4jiZJ"), "seed",
                         key("FGrddpvjBUAG6VdV4fR8Q2hEZTHS6w4SEveVBgfwbfdm"))
            .value() == key("HUKxCeXY6gZohFJFARbLE6L6C9wDEHz1SfK8ENM7QY7z"));
  CHECK(create_with_seed(key(1), "seed", programs::token).value() ==
        key("E9dzp8EUwpo9MXFxfc4GNjrb9PdFcunbLpcw1uq6GD7D"));
}

TEST_CASE("create_with_seed refuses owners that could forge a derived address, and long seeds") {
  CHECK(create_with_seed(pubkey{}, "seed", key("4vJ9JU1bJJE96FbKdjWme2JfVK1knU936FHTDZV7AC2")).error() ==
        address_error::reserved_owner);
  CHECK(create_with_seed(pubkey{}, std::string(32, 'x'), pubkey{}));
  CHECK(create_with_seed(pubkey{}, std::string(33, 'x'), pubkey{}).error() == address_error::seed_too_long);
  // 11 characters of 3 bytes each.
  CHECK(create_with_seed(pubkey{}, "☉☉☉☉☉☉☉☉☉☉☉", pubkey{}).error() == address_error::seed_too_long);
}

TEST_CASE("associated token addresses agree with known values") {
  struct known {
    pubkey wallet;
    pubkey token_program;
    pubkey mint;
    pubkey address;
    std::uint8_t bump;
  };
  const pubkey mint = key("7o36UsWR1JQLpZ9PE2gn9L4SQ69CNNiWAXd4Jt7rqz9Z");
  const pubkey mint_2022 = key("2b1kV6DkPAnxd5ixfnxCpjxmKwqjjaYmCZfHsFu24GXo");
  const pubkey first = key("DShWnroshVbeUp28oopA3Pu7oFPDBtC1DBmPECXXAQ9n");
  for (const known& k : {known{key("B8UwBUUnKwCyKuGMbFKWaG7exYdDk2ozZrPg72NyVbfj"), programs::token, mint, first, 253},
                         known{first, programs::token, mint, key("F3DmXZFqkfEWFA7MN2vDPs813GeEWPaT6nLk4PSGuWJd"), 253},
                         known{key("22Wnk8PwyWZV7BfkZGJEKT9jGGdtvu7xY6EXeRh7zkBa"), programs::token_2022, mint_2022,
                               key("5nu6HDY7t1Ds8oPNsArrhb1rzvRqmGubyteyAUncFyNb"), 251},
                         known{key("BNXnu85Kt1VXSYYYNMXtRfRrscyETxcdsEiTLSToQYZa"), programs::token_2022, mint_2022,
                               key("8Ycmt6GTtXcmaTXXRZVLATBQHKKFRaFpD6DD4wx81M4"), 254}}) {
    CAPTURE(k.wallet);
    CHECK(associated_token_address(k.wallet, k.mint, k.token_program) == k.address);
    const std::array<byte_view, 3> seeds{k.wallet.view(), k.token_program.view(), k.mint.view()};
    CHECK(find_program_address(seeds, programs::associated_token).value().bump == k.bump);
  }
  CHECK(associated_token_address(first, mint) == key("F3DmXZFqkfEWFA7MN2vDPs813GeEWPaT6nLk4PSGuWJd"));
}

TEST_SUITE_END();
