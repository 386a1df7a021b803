#include "common/solana/message.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "common/solana/compute_budget.hpp"
#include "common/solana/programs.hpp"
#include "common/solana/system.hpp"
#include "tests/common/solana/hex.hpp"

using namespace landfall::solana;

namespace {

const pubkey payer = key(0x50);
const blockhash recent = blockhash::from_bytes(bytes(32, 0xbb)).value();

/// A program with an account of every kind.
instruction call_of(const pubkey& program) {
  return {program,
          {readonly(key(9)), writable(key(8)), readonly_signer(key(7)), writable_signer(key(6)), readonly(key(5)),
           writable(key(4)), readonly_signer(key(3)), writable_signer(key(2))},
          from_hex("aabb")};
}

message sample(message_version version) {
  const std::vector<instruction> instructions{call_of(key(1))};
  const std::vector<address_lookup_table> tables{{key(0x70), {key(5), key(8), key(4)}}};
  return version == message_version::legacy ? compile_message(payer, instructions, recent, {}, version).value()
                                            : compile_message(payer, instructions, recent, tables, version).value();
}

/// Bytes of a v1 message: 0x81 and the known layout.
bytes v1_layout() {
  bytes data = from_hex("81 01 00 00 07 00 00 00");
  const auto append = [&](const bytes& more) { data.insert(data.end(), more.begin(), more.end()); };
  append(bytes(32, 0xbb));
  append(from_hex("01 02"));
  append(bytes(32, 1));
  append(bytes(32, 2));
  append(from_hex("08 07 06 05 04 03 02 01 44 33 22 11 01 00 00 00"));
  return data;
}

wire_error error_of(const message& m) {
  const auto checked = check(m);
  REQUIRE_FALSE(checked);
  // The parser has to come to the same verdict on the bytes.
  const auto parsed = parse_message(serialize(m));
  REQUIRE_FALSE(parsed);
  CHECK(parsed.error() == checked.error());
  return checked.error();
}

}  // namespace

TEST_SUITE_BEGIN("common/solana/message");

TEST_CASE("keys are in groups, the payer first, and in the order of their bytes inside a group") {
  const message m = sample(message_version::legacy);
  CHECK(m.header == message_header{5, 2, 3});
  CHECK(m.static_keys == std::vector{payer, key(2), key(6), key(3), key(7), key(4), key(8), key(1), key(5), key(9)});
  REQUIRE(m.instructions.size() == 1);
  CHECK(m.instructions[0].program_index == 7);
  CHECK(m.instructions[0].accounts == bytes{9, 6, 4, 2, 8, 5, 3, 1});
  CHECK(m.lookups.empty());
}

TEST_CASE("signer and writable flags follow from the header") {
  const message m = sample(message_version::legacy);
  for (std::size_t i = 0; i < 12; ++i) {
    CAPTURE(i);
    CHECK(m.is_signer(i) == (i < 5));
    CHECK(m.is_writable(i) == (i < 3 || i == 5 || i == 6));
  }
}

TEST_CASE("v0 moves plain keys to the tables that have them") {
  const message m = sample(message_version::v0);
  CHECK(m.header == message_header{5, 2, 2});
  CHECK(m.static_keys == std::vector{payer, key(2), key(6), key(3), key(7), key(1), key(9)});
  REQUIRE(m.lookups.size() == 1);
  CHECK(m.lookups[0] == table_lookup{key(0x70), {2, 1}, {0}});
  CHECK(m.key_count() == 10);
  // Behind the 7 static keys: writable 4 and 8, readonly 5.
  CHECK(m.instructions[0].accounts == bytes{6, 8, 4, 2, 9, 7, 3, 1});
  for (std::size_t i = 7; i < 12; ++i) {
    CAPTURE(i);
    CHECK_FALSE(m.is_signer(i));
    CHECK(m.is_writable(i) == (i == 7 || i == 8));
  }
}

TEST_CASE("signers, programs and the payer stay static even if a table has them") {
  const std::vector<instruction> instructions{call_of(key(1)), {key(2), {writable(key(1))}, {}}};
  const std::vector<address_lookup_table> tables{{key(0x70), {payer, key(1), key(2), key(3), key(6), key(7)}},
                                                 {key(0x71), {key(9)}}};
  const message m = compile_message(payer, instructions, recent, tables).value();
  REQUIRE(m.lookups.size() == 1);
  CHECK(m.lookups[0] == table_lookup{key(0x71), {}, {0}});
}

TEST_CASE("a key in two tables is taken from the first, and twice in one table from the first place") {
  const std::vector<instruction> instructions{{key(1), {readonly(key(9))}, {}}};
  const std::vector<address_lookup_table> tables{{key(0x70), {key(8), key(9), key(9)}}, {key(0x71), {key(9)}}};
  const message m = compile_message(payer, instructions, recent, tables).value();
  CHECK(m.lookups == std::vector{table_lookup{key(0x70), {}, {1}}});
}

TEST_CASE("only the first 256 entries of a table can be named") {
  address_lookup_table table{key(0x70), std::vector<pubkey>(256, key(8))};
  table.addresses.push_back(key(9));
  const std::vector<instruction> instructions{{key(1), {readonly(key(9))}, {}}};
  CHECK(compile_message(payer, instructions, recent, {&table, 1}).value().lookups.empty());
}

TEST_CASE("flags of the same key add up") {
  const std::vector<instruction> instructions{{key(1), {readonly(key(9)), readonly_signer(key(8))}, {}},
                                              {key(1), {writable(key(8)), writable(key(9))}, {}}};
  const message m = compile_message(payer, instructions, recent).value();
  CHECK(m.header == message_header{2, 0, 1});
  CHECK(m.static_keys == std::vector{payer, key(8), key(9), key(1)});
}

TEST_CASE("instructions resolve to what they were compiled from") {
  const std::vector<address_lookup_table> tables{{key(0x70), {key(5), key(8), key(4)}}};
  const std::vector<instruction> instructions{call_of(key(1))};
  CHECK(resolve_instructions(sample(message_version::legacy)).value() == instructions);
  CHECK(resolve_instructions(sample(message_version::v0), tables).value() == instructions);
}

TEST_CASE("resolving needs the very tables, long enough, and no key twice") {
  const message m = sample(message_version::v0);
  const auto error_with = [&](std::vector<pubkey> addresses) {
    const address_lookup_table table{key(0x70), std::move(addresses)};
    return account_keys(m, {&table, 1}).error();
  };
  CHECK(account_keys(m).error() == wire_error::unknown_table);
  CHECK(error_with({key(5), key(8)}) == wire_error::bad_account_index);
  CHECK(error_with({key(5), key(8), key(8)}) == wire_error::duplicate_key);
  CHECK(error_with({key(5), key(8), payer}) == wire_error::duplicate_key);
}

TEST_CASE("what cannot be compiled is refused") {
  const std::vector<instruction> plain{call_of(key(1))};
  const std::vector<address_lookup_table> tables{{key(0x70), {key(9)}}};
  CHECK(compile_message(payer, plain, recent, {}, message_version::v1).error() == wire_error::unsupported_version);
  CHECK(compile_message(payer, plain, recent, tables, message_version::legacy).error() ==
        wire_error::unsupported_version);
  CHECK(compile_message(key(1), plain, recent).error() == wire_error::bad_program_index);
  const std::vector<instruction> long_data{{key(1), {}, bytes(65'536)}};
  CHECK(compile_message(payer, long_data, recent).error() == wire_error::too_large);

  std::vector<instruction> many_keys{{key(1), {}, {}}};
  for (std::uint8_t i = 0; i < 254; ++i) {
    bytes raw(32, 0x77);
    raw[0] = i;
    many_keys[0].accounts.push_back(writable_signer(pubkey::from_bytes(raw).value()));
  }
  CHECK(compile_message(payer, many_keys, recent).value().static_keys.size() == 256);
  many_keys[0].accounts.push_back(readonly(key(2)));
  CHECK(compile_message(payer, many_keys, recent).error() == wire_error::too_many_keys);
}

TEST_CASE("messages read back from their bytes") {
  for (const auto version : {message_version::legacy, message_version::v0}) {
    const message m = sample(version);
    const bytes data = serialize(m);
    CHECK(data[0] == (version == message_version::legacy ? 5 : 0x80));
    CHECK(parse_message(data).value() == m);
  }
}

TEST_CASE("every cut and every appended byte is noticed") {
  for (const bytes& data :
       {serialize(sample(message_version::legacy)), serialize(sample(message_version::v0)), v1_layout()}) {
    for (std::size_t size = 0; size < data.size(); ++size)
      CHECK_FALSE(parse_message(byte_view{data}.first(size)));
    bytes longer = data;
    longer.push_back(0);
    CHECK(parse_message(longer).error() == wire_error::trailing_bytes);
  }
}

TEST_CASE("the v1 layout reads as the known values") {
  const bytes data = v1_layout();
  const auto m = parse_message(data);
  REQUIRE(m);
  CHECK(m->version == message_version::v1);
  CHECK(m->header == message_header{1, 0, 0});
  CHECK(m->config == message_config{0x0102030405060708, 0x11223344, std::nullopt, std::nullopt});
  CHECK(m->recent_blockhash == recent);
  CHECK(m->static_keys == std::vector{key(1), key(2)});
  CHECK(m->instructions == std::vector{compiled_instruction{1, {}, {}}});
  CHECK(serialize(*m) == data);
}

TEST_CASE("all v1 settings and payloads read back") {
  message m = parse_message(v1_layout()).value();
  m.config = {std::nullopt, std::nullopt, 7, 64 * 1024};
  m.instructions = {{1, {0, 1, 0}, from_hex("0102030405")}, {1, {}, {}}, {1, {1}, bytes(300, 7)}};
  CHECK(parse_message(serialize(m)).value() == m);
  m.config = {1, std::nullopt, std::nullopt, 32 * 1024};
  CHECK(parse_message(serialize(m)).value() == m);
  m.config = {};
  CHECK(parse_message(serialize(m)).value() == m);
}

TEST_CASE("v1 refuses unknown and contradictory settings") {
  const auto with_mask = [](std::uint8_t first, std::uint8_t last) {
    bytes data = v1_layout();
    data[4] = first;
    data[7] = last;
    return parse_message(data).error();
  };
  CHECK(with_mask(0x05, 0) == wire_error::bad_config);
  CHECK(with_mask(0x06, 0) == wire_error::bad_config);
  CHECK(with_mask(0x27, 0) == wire_error::bad_config);
  CHECK(with_mask(0x07, 0x80) == wire_error::bad_config);

  message m = parse_message(v1_layout()).value();
  for (const std::uint32_t heap_bytes : {0U, 31U * 1024, 32U * 1024 + 1, 257U * 1024}) {
    m.config.heap_bytes = heap_bytes;
    CHECK(error_of(m) == wire_error::bad_config);
  }
  m.config.heap_bytes = 256U * 1024;
  CHECK(check(m));
}

TEST_CASE("v1 keeps its own limits") {
  message m = parse_message(v1_layout()).value();
  m.instructions.assign(64, {1, {}, {}});
  CHECK(check(m));
  m.instructions.assign(65, {1, {}, {}});
  CHECK(error_of(m) == wire_error::too_large);
  m.instructions.resize(1);

  m.static_keys.clear();
  for (std::uint8_t i = 0; i < 64; ++i)
    m.static_keys.push_back(key(i));
  m.header.required_signatures = 12;
  CHECK(parse_message(serialize(m)).value() == m);
  m.header.required_signatures = 13;
  CHECK(error_of(m) == wire_error::bad_header);
  m.header.required_signatures = 12;
  m.static_keys.push_back(key(64));
  CHECK(error_of(m) == wire_error::too_many_keys);
  m.static_keys.pop_back();
  m.static_keys[63] = m.static_keys[62];
  CHECK(error_of(m) == wire_error::duplicate_key);
  m.static_keys[63] = key(63);
  m.lookups.push_back({key(0x70), {0}, {}});
  CHECK(check(m).error() == wire_error::unsupported_version);
}

TEST_CASE("versions of the future are refused") {
  bytes data = serialize(sample(message_version::v0));
  for (const std::uint8_t prefix : {std::uint8_t{0x82}, std::uint8_t{0xfe}, std::uint8_t{0xff}}) {
    data[0] = prefix;
    CHECK(parse_message(data).error() == wire_error::unsupported_version);
  }
}

TEST_CASE("messages that break a rule are refused") {
  const message good = sample(message_version::v0);
  message m = good;
  SUBCASE("no signer") {
    m.header = {0, 0, 0};
    CHECK(error_of(m) == wire_error::bad_header);
  }
  SUBCASE("a readonly payer") {
    m.header.readonly_signed = m.header.required_signatures;
    CHECK(error_of(m) == wire_error::bad_header);
  }
  SUBCASE("more signers and readonly keys than keys") {
    m.header.readonly_unsigned = 3;
    CHECK(error_of(m) == wire_error::bad_header);
  }
  SUBCASE("the payer as program") {
    m.instructions[0].program_index = 0;
    CHECK(error_of(m) == wire_error::bad_program_index);
  }
  SUBCASE("a looked-up program") {
    m.instructions[0].program_index = 7;
    CHECK(error_of(m) == wire_error::bad_program_index);
  }
  SUBCASE("an account beyond all keys") {
    m.instructions[0].accounts[0] = 10;
    CHECK(error_of(m) == wire_error::bad_account_index);
  }
  SUBCASE("a static key twice") {
    m.static_keys[1] = m.static_keys[2];
    CHECK(error_of(m) == wire_error::duplicate_key);
  }
  SUBCASE("a table entry twice") {
    m.lookups[0].readonly[0] = m.lookups[0].writable[0];
    CHECK(error_of(m) == wire_error::duplicate_key);
  }
  SUBCASE("a table entry twice in two lookups") {
    m.lookups.push_back({m.lookups[0].table, {}, {m.lookups[0].writable[0]}});
    CHECK(error_of(m) == wire_error::duplicate_key);
  }
  SUBCASE("a lookup of nothing") {
    m.lookups.push_back({key(0x71), {}, {}});
    CHECK(error_of(m) == wire_error::empty_lookup);
  }
  SUBCASE("more keys than an index can name") {
    table_lookup all{key(0x71), {}, {}};
    for (unsigned i = 0; i < 246; ++i)
      all.writable.push_back(static_cast<std::uint8_t>(i));
    m.lookups.push_back(all);
    CHECK(m.key_count() == 256);
    CHECK(check(m));
    m.lookups.back().readonly.push_back(250);
    CHECK(error_of(m) == wire_error::too_many_keys);
  }
  SUBCASE("lookups in a legacy message") {
    m.version = message_version::legacy;
    CHECK(check(m).error() == wire_error::unsupported_version);
  }
  SUBCASE("settings in a v0 message") {
    m.config.compute_unit_limit = 1;
    CHECK(check(m).error() == wire_error::unsupported_version);
  }
}

TEST_CASE("messages beyond the size limit are refused whatever they hold") {
  message m = sample(message_version::legacy);
  m.instructions[0].data.resize(m.instructions[0].data.size() + max_transaction_bytes);
  CHECK(parse_message(serialize(m)).error() == wire_error::too_large);
  CHECK(parse_message(bytes(5000, 1)).error() == wire_error::too_large);
}

TEST_SUITE_END();
