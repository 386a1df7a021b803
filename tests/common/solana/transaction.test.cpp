#include "common/solana/transaction.hpp"

#include <doctest/doctest.h>

#include <array>
#include <random>
#include <string>

#include "common/solana/base64.hpp"
#include "common/solana/programs.hpp"
#include "common/solana/system.hpp"
#include "tests/common/solana/hex.hpp"

using namespace landfall::solana;

namespace {

constexpr const char* signed_legacy_hex =
    "01788aa2b93bd1f19d479d4a830457361c26b4de52403e3d3e162e11cbbb883e2b0b26eb11ef52f08b82d9e3d609f28ddf5e1db86e3e2057"
    "893f8b64dd148904050100010324649efc21a161b93e5963c3faf9bbbdab76f15af80e44dbe73e9d058e1bd2750101010405060708090909"
    "0909090909090909090909090908070605040101010202020405060708090101010101010101010101010101090807060504020202000000"
    "0000000000000000000000000000000000000000000000000000000000010202000103010203";

constexpr const char* transfer_base64 =
    "AfjEs3XhTc3hrxEvlnMPkm/cocvAUbFNbCl00qKnrFue6J53AhEqIFmcJJlJW3EDP5RmcMz+cNTTcZHW/WJYwAcBAAEDO8hh4VddzfcO5jbCt95j"
    "ryl6y8ff65UcgukHNLWH+UQGgxCGGpgyfQVQV02EQYqm4QwzUt2qf9f1gVLM7rI4hwAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA6ANI"
    "F55zOZWROWRkeh+lExxZBnKFqbvIxZDLE7EijjoBAgIAAQwCAAAAOTAAAAAAAAA=";

constexpr const char* v0_base64 =
    "Alkhq/BfGdBeok4oBP21xAwT4oO/R5PvkKqbCTq4sHHRsto+uDQCFcdp8hXh1g5D3mTh8GAJW8xE+EDD27f9IweTkH2Afiu4h5aM+Xbo0mklc0/V"
    "i1xawd7SZVbstXDLtWdoJaf4Zt+20F/SasURzw/P4dkD+Q6BjgUNHT+vg5gOgAIBAQgaJV0Ch/DG6XwNcizWbI7STLgSbIOrg0Dl67Oo30WU1uA/"
    "NIbYLPRmuLarIJ4J0CcN3IWEm4Gf8675KhnXef2LaDXzjFgWVSbAO2yyTF6dK1oO3gTExie957LXDwu6oJMAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
    "AAAAAAAAAAAAAAVKU1qZKSEGTSTocWDaOHx8NbXdvJK7geQfqEBBBUSN1LfoiB9oYLDSHJL9rjAlchZhn+fd/23ACfq0oIGla54pt5JT0MdBTJhQ"
    "I+z7dnVsisw2xWwW+vFSTs97l0tJPxmv9kxpXbHYZFenDpT2s6CT75/9QNFVTkHFLMK+UG6VlyFnQmYh1aMkGtq3c6TIOsk32S6XMUnN9DQgFGQq"
    "4lwEAwIAAgwCAAAAgJaYAAAAAAADAgAFDAIAAACAlpgAAAAAAAMCAAYMAgAAAICWmAAAAAAABAAMSGVsbG8gRmFiaW8hAX5s37FH6IeB4QeMYxD4"
    "LtpXf1DaupH/ro7W+kEQnofaAgECAQA=";

constexpr const char* payer_seed = "ff6524187c17a71584cc9b05b93a794b9ce374c1d7268e16080ee5ef775d05da";

keypair pair_of(const bytes& seed) {
  std::array<std::uint8_t, 32> raw{};
  REQUIRE(seed.size() == raw.size());
  std::copy(seed.begin(), seed.end(), raw.begin());
  return keypair::from_seed(raw).value();
}

bytes from_base64(const char* text) {
  return base64_decode(text, max_transaction_bytes).value();
}

transaction two_signers(const keypair& payer, const keypair& other, message_version version) {
  const std::vector<instruction> instructions{system::transfer(other.public_key(), key(9), 1),
                                              system::transfer(payer.public_key(), key(8), 2)};
  return make_transaction(compile_message(payer.public_key(), instructions, blockhash{}, {}, version).value());
}

bytes v1_transaction(const keypair& payer) {
  message m;
  m.version = message_version::v1;
  m.header = {1, 0, 1};
  m.static_keys = {payer.public_key(), key(2)};
  m.instructions = {{1, {0}, bytes(2000, 7)}};
  m.config.compute_unit_limit = 5;
  transaction tx = make_transaction(m);
  REQUIRE(sign(tx, payer));
  return serialize(tx).value();
}

}  // namespace

TEST_SUITE_BEGIN("common/solana/transaction");

TEST_CASE("a legacy transaction is built and signed to the known bytes") {
  const keypair payer = pair_of(from_hex(payer_seed));
  CHECK(to_hex(payer.public_key().view()) == "24649efc21a161b93e5963c3faf9bbbdab76f15af80e44dbe73e9d058e1bd275");
  const pubkey to = key_from_hex("0101010405060708090909090909090909090909090909090807060504010101");
  const pubkey program = key_from_hex("0202020405060708090101010101010101010101010101090807060504020202");
  const std::vector<instruction> instructions{
      {program, {writable_signer(payer.public_key()), writable(to)}, from_hex("010203")}};
  transaction tx = make_transaction(
      compile_message(payer.public_key(), instructions, blockhash{}, {}, message_version::legacy).value());
  CHECK(tx.body.header == message_header{1, 0, 1});
  CHECK(tx.id().is_zero());
  CHECK(verify_signatures(tx).error() == bad_signature{0});
  REQUIRE(sign(tx, payer));
  CHECK(verify_signatures(tx));
  const bytes wire = serialize(tx).value();
  CHECK(wire.size() == 206);
  CHECK(serialized_size(tx) == 206);
  CHECK(to_hex(wire) == signed_legacy_hex);
  CHECK(tx.id().to_string() ==
        "3QnHBSdd4doEF6FgpLCejqEw42UQjfvNhQJwoYDSpoBszpCCqVft4cGoneDCnZ6Ez3ujzavzUu85u6F79WtLhcsv");
  CHECK(parse_transaction(wire).value() == tx);
}

TEST_CASE("a known system transfer decodes and verifies") {
  const bytes wire = from_base64(transfer_base64);
  CHECK(wire.size() == 215);
  const auto tx = parse_transaction(wire);
  REQUIRE(tx);
  CHECK(tx->id().to_string() ==
        "5yUSwqQqeZLEEYKxnG4JC4XhaaBpV3RS4nQbK8bQTyjLX5btVq9A1Ja5nuJzV7Z3Zq8G6EVKFvN4DKUL6PSAxmTk");
  CHECK(verify_signatures(*tx));
  CHECK(tx->body.version == message_version::legacy);
  CHECK(tx->body.header == message_header{1, 0, 1});
  const pubkey from = key("52NGrUqh6tSGhr59ajGxsH3VnAaoRdSdTbAaV9G3UW35");
  const pubkey to = key("SRMuApVNdxXokk5GT7XD5cUUgXMBCoAz2LHeuAoKWRt");
  CHECK(tx->body.static_keys == std::vector{from, to, programs::system});
  CHECK(tx->body.recent_blockhash.to_string() == "GcgVK9buRA7YepZh3zXuS399GJAESCisLnLDBCmR5Aoj");
  CHECK(tx->body.instructions == std::vector{compiled_instruction{2, {0, 1}, from_hex("020000003930000000000000")}});
  const auto calls = resolve_instructions(tx->body).value();
  CHECK(system::decode_transfer(calls.at(0)) == system::transfer_args{from, to, 12'345});
  CHECK(serialize(*tx).value() == wire);
}

TEST_CASE("a known v0 transaction with a lookup decodes") {
  const bytes wire = from_base64(v0_base64);
  CHECK(wire.size() == 527);
  const auto tx = parse_transaction(wire);
  REQUIRE(tx);
  const message& m = tx->body;
  CHECK(m.version == message_version::v0);
  CHECK(m.header == message_header{2, 1, 1});
  CHECK(m.static_keys.size() == 8);
  CHECK(m.static_keys[0] == key("2m4eNwBVqu6SgFk23HgE3W5MW89yT5z1vspz2WsiFBHF"));
  CHECK(m.recent_blockhash.to_string() == "BAx74QRmMwhnTytrPoG5ogw2BQn4CdhB14jxJnbDMUS7");
  REQUIRE(m.instructions.size() == 4);
  CHECK(m.instructions[3].data == bytes(view_of("Hello Fabio!").begin(), view_of("Hello Fabio!").end()));
  CHECK(m.lookups == std::vector{table_lookup{key("9WWfC3y4uCNofr2qEFHSVUXkCxW99JiYkMWmSZvVt8j3"), {1, 2}, {0}}});
  CHECK(m.key_count() == 11);
  CHECK(serialize(*tx).value() == wire);
  CHECK(verify_signatures(*tx).error() == bad_signature{0});
}

TEST_CASE("signatures go to the slot of their key, in any order of signing") {
  const keypair payer = pair_of(bytes(32, 1));
  const keypair other = pair_of(bytes(32, 2));
  const keypair stranger = pair_of(bytes(32, 3));
  for (const auto version : {message_version::legacy, message_version::v0}) {
    transaction tx = two_signers(payer, other, version);
    REQUIRE(sign(tx, other));
    CHECK(tx.id().is_zero());
    CHECK(verify_signatures(tx).error() == bad_signature{0});
    REQUIRE(sign(tx, payer));
    CHECK_FALSE(tx.id().is_zero());
    CHECK(verify_signatures(tx));
    const transaction fully_signed = tx;
    REQUIRE(sign(tx, payer));
    CHECK(tx == fully_signed);

    CHECK(sign(tx, stranger).error() == signing_error::not_a_signer);
    CHECK(tx == fully_signed);
    tx.signatures[1] = signature{};
    CHECK(verify_signatures(tx).error() == bad_signature{1});
    std::swap(tx.signatures[0], tx.signatures[1]);
    CHECK(verify_signatures(tx).error() == bad_signature{0});
  }
}

TEST_CASE("an account that does not sign cannot be signed for") {
  const keypair payer = pair_of(bytes(32, 1));
  const keypair receiver = pair_of(bytes(32, 2));
  const std::vector<instruction> instructions{system::transfer(payer.public_key(), receiver.public_key(), 1)};
  transaction tx = make_transaction(compile_message(payer.public_key(), instructions, blockhash{}).value());
  CHECK(sign(tx, receiver).error() == signing_error::not_a_signer);
}

TEST_CASE("a changed message invalidates the signatures") {
  const bytes wire = from_base64(transfer_base64);
  for (std::size_t at = 65; at < wire.size(); ++at) {
    bytes changed = wire;
    changed[at] ^= 1U;
    const auto tx = parse_transaction(changed);
    if (tx)
      CHECK_FALSE(verify_signatures(*tx));
  }
}

TEST_CASE("the number of signatures has to be the number of required signers") {
  transaction tx = two_signers(pair_of(bytes(32, 1)), pair_of(bytes(32, 2)), message_version::v0);
  tx.signatures.resize(1);
  CHECK(serialize(tx).error() == wire_error::bad_signature_count);
  CHECK_FALSE(verify_signatures(tx));
  tx.signatures.resize(3);
  CHECK(serialize(tx).error() == wire_error::bad_signature_count);

  const keypair payer = pair_of(bytes(32, 1));
  const keypair other = pair_of(bytes(32, 2));
  transaction fully_signed = two_signers(payer, other, message_version::v0);
  REQUIRE(sign(fully_signed, payer));
  REQUIRE(sign(fully_signed, other));
  transaction missing = fully_signed;
  missing.signatures.pop_back();
  CHECK(verify_signatures(missing).error() == bad_signature{1});
  fully_signed.signatures.emplace_back();
  CHECK(verify_signatures(fully_signed).error() == bad_signature{2});

  bytes one_less = from_base64(v0_base64);
  one_less.erase(one_less.begin() + 1, one_less.begin() + 65);
  one_less[0] = 1;
  CHECK(parse_transaction(one_less).error() == wire_error::bad_signature_count);
  bytes none = from_base64(transfer_base64);
  none.erase(none.begin() + 1, none.begin() + 65);
  none[0] = 0;
  CHECK(parse_transaction(none).error() == wire_error::bad_signature_count);
}

TEST_CASE("a transaction one byte over the packet is refused in both directions") {
  const keypair payer = pair_of(bytes(32, 1));
  const auto with_data = [&](std::size_t size) {
    const std::vector<instruction> instructions{{key(9), {}, bytes(size, 7)}};
    return make_transaction(compile_message(payer.public_key(), instructions, blockhash{}).value());
  };
  const std::size_t overhead = serialized_size(with_data(1000)) - 1000;
  const auto fits = serialize(with_data(max_transaction_bytes - overhead));
  REQUIRE(fits);
  CHECK(fits->size() == max_transaction_bytes);
  CHECK(parse_transaction(*fits));
  const transaction over = with_data(max_transaction_bytes - overhead + 1);
  CHECK(serialized_size(over) == max_transaction_bytes + 1);
  CHECK(serialize(over).error() == wire_error::too_large);
  bytes wire{1};
  wire.resize(65);
  const bytes body = message_bytes(over);
  wire.insert(wire.end(), body.begin(), body.end());
  CHECK(wire.size() == max_transaction_bytes + 1);
  CHECK(parse_transaction(wire).error() == wire_error::too_large);
}

TEST_CASE("v1 transactions carry their signatures behind the message") {
  const keypair payer = pair_of(bytes(32, 1));
  const bytes wire = v1_transaction(payer);
  CHECK(wire.size() > max_transaction_bytes);
  CHECK(wire[0] == 0x81);
  const auto tx = parse_transaction(wire);
  REQUIRE(tx);
  CHECK(tx->body.version == message_version::v1);
  CHECK(signature::from_bytes(byte_view{wire}.last(64)).value() == tx->id());
  CHECK(verify_signatures(*tx));
  CHECK(serialize(*tx).value() == wire);
  CHECK(serialized_size(*tx) == wire.size());

  bytes longer = wire;
  longer.push_back(0);
  CHECK(parse_transaction(longer).error() == wire_error::trailing_bytes);
  CHECK(parse_transaction(byte_view{wire}.first(wire.size() - 1)).error() == wire_error::truncated);
  CHECK(parse_transaction(bytes(4097, 0x81)).error() == wire_error::too_large);
}

TEST_CASE("a v1 message in the older envelope is refused") {
  const bytes v1 = v1_transaction(pair_of(bytes(32, 1)));
  const bytes body(v1.begin(), v1.end() - 64);
  bytes wire{1};
  wire.insert(wire.end(), v1.end() - 64, v1.end());
  message m = parse_message(body).value();
  m.instructions[0].data.resize(10);
  const bytes small = serialize(m);
  wire.insert(wire.end(), small.begin(), small.end());
  CHECK(parse_transaction(wire).error() == wire_error::unsupported_version);
}

TEST_CASE("every cut and every appended byte is noticed") {
  for (const bytes& wire : {from_hex(signed_legacy_hex), from_base64(transfer_base64), from_base64(v0_base64)}) {
    for (std::size_t size = 0; size < wire.size(); ++size)
      CHECK_FALSE(parse_transaction(byte_view{wire}.first(size)));
    bytes longer = wire;
    longer.push_back(0);
    CHECK(parse_transaction(longer).error() == wire_error::trailing_bytes);
  }
}

TEST_CASE("other first bytes are no transaction") {
  for (const std::uint8_t first : {std::uint8_t{0x80}, std::uint8_t{0x82}, std::uint8_t{0xff}}) {
    bytes wire = from_base64(transfer_base64);
    wire[0] = first;
    CHECK(parse_transaction(wire).error() == wire_error::unsupported_version);
  }
}

TEST_CASE("whatever parses serializes to the same bytes, whatever the bytes") {
  const unsigned seed = std::random_device{}();
  CAPTURE(seed);
  MESSAGE("seed ", seed);
  std::mt19937 random{seed};
  const auto below = [&](std::size_t bound) { return static_cast<std::size_t>(random() % bound); };
  const std::vector<bytes> valid{from_hex(signed_legacy_hex), from_base64(transfer_base64), from_base64(v0_base64),
                                 v1_transaction(pair_of(bytes(32, 1)))};

  const auto mutate = [&](bytes& data) {
    if (data.empty())
      return;
    const std::size_t at = below(data.size());
    const auto position = data.begin() + static_cast<std::ptrdiff_t>(at);
    switch (below(6)) {
      case 0:
        data[at] = static_cast<std::uint8_t>(random());
        break;
      case 1:
        data[at] ^= static_cast<std::uint8_t>(1U << below(8));
        break;
      case 2:
        data.insert(position, static_cast<std::uint8_t>(random()));
        break;
      case 3:
        data.erase(position);
        break;
      case 4:
        data.resize(at);
        break;
      default:
        data[at] = static_cast<std::uint8_t>(data[at] + (random() % 2 == 0 ? 1 : 0xff));
        break;
    }
  };

  std::size_t parsed_count = 0;
  for (int round = 0; round < 200'000; ++round) {
    bytes data;
    if (round % 10 == 0) {
      data.resize(below(400));
      for (auto& byte : data)
        byte = static_cast<std::uint8_t>(random() % 3 == 0 ? random() % 4 : random());
    } else {
      data = valid[below(valid.size())];
      for (std::size_t i = 1 + below(3); i > 0; --i)
        mutate(data);
    }
    if (const auto tx = parse_transaction(data)) {
      ++parsed_count;
      const auto again = serialize(*tx);
      REQUIRE(again);
      REQUIRE(*again == data);
      REQUIRE(serialized_size(*tx) == data.size());
      REQUIRE(tx->signatures.size() == tx->body.header.required_signatures);
      (void)resolve_instructions(tx->body);
    }
    if (const auto m = parse_message(data))
      REQUIRE(serialize(*m) == data);
  }
  CHECK(parsed_count > 1000);
}

TEST_SUITE_END();
