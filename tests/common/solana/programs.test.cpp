#include "common/solana/programs.hpp"

#include <doctest/doctest.h>

#include <array>
#include <limits>

#include "common/solana/associated_token.hpp"
#include "common/solana/compute_budget.hpp"
#include "common/solana/curve.hpp"
#include "common/solana/lookup_table.hpp"
#include "common/solana/memo.hpp"
#include "common/solana/system.hpp"
#include "common/solana/token.hpp"
#include "tests/common/solana/hex.hpp"
#include "tests/support/foreign_instructions.hpp"

using namespace landfall::solana;

namespace {

const pubkey a = key(1);
const pubkey b = key(2);
const pubkey c = key(3);
const pubkey d = key(4);

using metas = std::vector<account_meta>;

bytes repeat(std::size_t count, std::uint8_t byte) {
  return bytes(count, byte);
}

bytes concat(std::initializer_list<bytes> parts) {
  bytes out;
  for (const bytes& part : parts)
    out.insert(out.end(), part.begin(), part.end());
  return out;
}

bytes raw(const pubkey& k) {
  return {k.view().begin(), k.view().end()};
}

instruction cut(instruction i) {
  i.data.pop_back();
  return i;
}

instruction lengthened(instruction i) {
  i.data.push_back(0);
  return i;
}

instruction without_last_account(instruction i) {
  i.accounts.pop_back();
  return i;
}

instruction of_program(instruction i, const pubkey& program) {
  i.program_id = program;
  return i;
}

}  // namespace

TEST_SUITE_BEGIN("common/solana/programs");

TEST_CASE("compute budget instructions have the known bytes") {
  CHECK(to_hex(compute_budget::set_unit_limit(257).data) == "0201010000");
  CHECK(to_hex(compute_budget::set_unit_price(std::numeric_limits<std::uint64_t>::max()).data) == "03ffffffffffffffff");
  CHECK(compute_budget::set_unit_limit(1).accounts.empty());
  CHECK(compute_budget::set_unit_limit(1).program_id == programs::compute_budget);
}

TEST_CASE("compute budget instructions read back") {
  const instruction limit = compute_budget::set_unit_limit(1'400'000);
  const instruction price = compute_budget::set_unit_price(123'456'789'012);
  CHECK(compute_budget::decode_unit_limit(limit) == 1'400'000U);
  CHECK(compute_budget::decode_unit_price(price) == 123'456'789'012U);
  CHECK_FALSE(compute_budget::decode_unit_limit(price));
  CHECK_FALSE(compute_budget::decode_unit_price(limit));
  CHECK_FALSE(compute_budget::decode_unit_limit(cut(limit)));
  CHECK_FALSE(compute_budget::decode_unit_limit(lengthened(limit)));
  CHECK_FALSE(compute_budget::decode_unit_limit(of_program(limit, a)));
  CHECK_FALSE(compute_budget::decode_unit_limit({programs::compute_budget, {}, {}}));
}

TEST_CASE("system transfer") {
  const instruction i = system::transfer(a, b, 12'345);
  CHECK(to_hex(i.data) == "020000003930000000000000");
  CHECK(i.program_id == programs::system);
  CHECK(i.accounts == metas{writable_signer(a), writable(b)});
  CHECK(system::decode_transfer(i) == system::transfer_args{a, b, 12'345});
  CHECK_FALSE(system::decode_transfer(cut(i)));
  CHECK_FALSE(system::decode_transfer(lengthened(i)));
  CHECK_FALSE(system::decode_transfer(without_last_account(i)));
  CHECK_FALSE(system::decode_transfer(of_program(i, programs::token)));
  CHECK_FALSE(system::decode_transfer(system::allocate_with_seed(a, b, "seed", 1, c)));
  CHECK_FALSE(system::decode_transfer({programs::system, {}, {}}));
}

TEST_CASE("system allocate_with_seed has the known bytes") {
  const instruction allocate = system::allocate_with_seed(b, a, "seed", 165, programs::token);
  CHECK(allocate.data == concat({from_hex("09000000"), repeat(32, 1), from_hex("0400000000000000 73656564"),
                                 from_hex("a500000000000000"), raw(programs::token)}));
  CHECK(allocate.accounts == metas{writable(b), readonly_signer(a)});
}

TEST_CASE("token instructions have the known bytes and accounts") {
  CHECK(to_hex(token::transfer(a, b, c, 1).data) == "030100000000000000");
  CHECK(token::transfer(a, b, c, 1).accounts == metas{writable(a), writable(b), readonly_signer(c)});
  CHECK(to_hex(token::transfer_checked(a, b, c, d, 1, 2).data) == "0c010000000000000002");
  CHECK(token::transfer_checked(a, b, c, d, 1, 2).accounts ==
        metas{writable(a), readonly(b), writable(c), readonly_signer(d)});
  CHECK(to_hex(token::close_account(a, b, c).data) == "09");
  CHECK(token::close_account(a, b, c).accounts == metas{writable(a), writable(b), readonly_signer(c)});
  CHECK(token::initialize_account3(a, c, b).data == concat({{0x12}, repeat(32, 2)}));
  CHECK(token::initialize_account3(a, c, b).accounts == metas{writable(a), readonly(c)});
  CHECK(to_hex(landfall::tests::token::sync_native(a).data) == "11");
  CHECK(landfall::tests::token::sync_native(a).accounts == metas{writable(a)});
  CHECK(to_hex(landfall::tests::token::approve(a, b, c, 258).data) == "040201000000000000");
  CHECK(landfall::tests::token::approve(a, b, c, 1).accounts == metas{writable(a), readonly(b), readonly_signer(c)});
  CHECK(to_hex(landfall::tests::token::burn(a, b, c, 1).data) == "080100000000000000");
  CHECK(landfall::tests::token::burn(a, b, c, 1).accounts == metas{writable(a), writable(b), readonly_signer(c)});
}

TEST_CASE("token instructions go to the token program they are asked for") {
  CHECK(token::transfer(a, b, c, 1).program_id == programs::token);
  for (const instruction& i :
       {token::initialize_account3(a, b, c, programs::token_2022), token::transfer(a, b, c, 1, programs::token_2022),
        token::transfer_checked(a, b, c, d, 1, 2, programs::token_2022),
        landfall::tests::token::approve(a, b, c, 1, programs::token_2022),
        landfall::tests::token::burn(a, b, c, 1, programs::token_2022),
        token::close_account(a, b, c, programs::token_2022),
        landfall::tests::token::sync_native(a, programs::token_2022)})
    CHECK(i.program_id == programs::token_2022);
}

TEST_CASE("token transfers and closes read back") {
  for (const pubkey& program : {programs::token, programs::token_2022}) {
    const instruction transfer = token::transfer(a, b, c, 77, program);
    const instruction checked = token::transfer_checked(a, b, c, d, 88, 6, program);
    const instruction close = token::close_account(a, b, c, program);
    CHECK(token::decode_transfer_checked(checked) == token::transfer_checked_args{program, a, b, c, d, 88, 6});
    CHECK(landfall::tests::token::decode_close_account(close) ==
          landfall::tests::token::closed_account{program, a, b, c});
    CHECK_FALSE(token::decode_transfer_checked(transfer));
    CHECK_FALSE(landfall::tests::token::decode_close_account(transfer));
    for (const instruction& i : {transfer, checked, close})
      for (const instruction& broken :
           {cut(i), lengthened(i), without_last_account(i), of_program(i, programs::system)}) {
        CHECK_FALSE(token::decode_transfer_checked(broken));
        CHECK_FALSE(landfall::tests::token::decode_close_account(broken));
      }
  }
}

TEST_CASE("associated accounts are created with the accounts in the program's order") {
  const instruction i = associated_token::create_idempotent(a, b, c);
  const pubkey account = associated_token_address(b, c);
  CHECK(i.program_id == programs::associated_token);
  CHECK(to_hex(i.data) == "01");
  CHECK(i.accounts == metas{writable_signer(a), writable(account), readonly(b), readonly(c), readonly(programs::system),
                            readonly(programs::token)});
  using args = associated_token::create_args;
  CHECK(associated_token::decode_create(i) == args{a, account, b, c, programs::token, true});

  instruction plain = associated_token::create_idempotent(a, b, c, programs::token_2022);
  plain.data = {0};
  const pubkey account_2022 = associated_token_address(b, c, programs::token_2022);
  CHECK(account_2022 != account);
  CHECK(associated_token::decode_create(plain) == args{a, account_2022, b, c, programs::token_2022, false});
  CHECK(associated_token::decode_create(cut(plain)) == args{a, account_2022, b, c, programs::token_2022, false});
  CHECK_FALSE(associated_token::decode_create(lengthened(plain)));
  CHECK_FALSE(associated_token::decode_create(without_last_account(plain)));
  CHECK_FALSE(associated_token::decode_create(of_program(plain, programs::token)));
  instruction other_program = plain;
  other_program.accounts[4].key = d;
  CHECK_FALSE(associated_token::decode_create(other_program));
  plain.data = {2};
  CHECK_FALSE(associated_token::decode_create(plain));
}

TEST_CASE("a memo is its text and its signers") {
  const std::array<pubkey, 2> signers{a, b};
  const instruction i = memo::write("Hello", signers);
  CHECK(i == instruction{programs::memo_v3, {readonly_signer(a), readonly_signer(b)}, from_hex("48656c6c6f")});
  CHECK(memo::write("", {}, programs::memo_v4) == instruction{programs::memo_v4, {}, {}});
}

TEST_CASE("token accounts decode") {
  const bytes none_key = concat({repeat(4, 0), repeat(32, 0)});
  const bytes none_u64 = repeat(12, 0);
  const bytes plain =
      concat({raw(a), raw(b), from_hex("0102030405060708"), none_key, {1}, none_u64, repeat(8, 0), none_key});
  REQUIRE(plain.size() == token::account_bytes);
  token::token_account expected;
  expected.mint = a;
  expected.owner = b;
  expected.amount = 0x0807060504030201;
  CHECK(token::decode_account(plain).value() == expected);

  const bytes full = concat({raw(a),
                             raw(b),
                             from_hex("0900000000000000"),
                             from_hex("01000000"),
                             raw(c),
                             {2},
                             from_hex("01000000 f01d1f0000000000"),
                             from_hex("0700000000000000"),
                             from_hex("01000000"),
                             raw(d)});
  REQUIRE(full.size() == token::account_bytes);
  const auto decoded = token::decode_account(full).value();
  CHECK(decoded.amount == 9);
  CHECK(decoded.delegate == c);
  CHECK(decoded.state == token::account_state::frozen);
  CHECK(decoded.native_reserve_lamports == 2'039'280U);
  CHECK(decoded.delegated_amount == 7);
  CHECK(decoded.close_authority == d);

  // Token-2022 with an immutable owner (7) and 13 bytes of another extension, with and without unused space behind.
  bytes extended = concat({plain, {2}, from_hex("0700 0000 0d00 0200 abcd")});
  expected.extensions = {7, 13};
  CHECK(token::decode_account(extended).value() == expected);
  CHECK(token::decode_account(concat({extended, repeat(9, 0)})).value() == expected);
  CHECK(token::decode_account(concat({extended, {0}})).value() == expected);
  CHECK(token::decode_account(concat({extended, from_hex("0d00 ff00 00")})).error() == account_error::wrong_kind);
  CHECK(token::decode_account(concat({extended, from_hex("0d00 01")})).error() == account_error::wrong_kind);
  extended[165] = 1;
  CHECK(token::decode_account(extended).error() == account_error::wrong_kind);
}

TEST_CASE("what is no token account is refused") {
  bytes data(token::account_bytes);
  CHECK(token::decode_account(data).error() == account_error::uninitialized);
  data[108] = 3;
  CHECK(token::decode_account(data).error() == account_error::wrong_kind);
  data[108] = 1;
  CHECK(token::decode_account(data));
  for (const std::size_t option : {72U, 109U, 129U}) {
    CAPTURE(option);
    bytes broken = data;
    broken[option] = 2;
    CHECK(token::decode_account(broken).error() == account_error::wrong_kind);
  }
  for (const std::size_t size : {0U, 82U, 164U, 355U}) {
    CAPTURE(size);
    CHECK(token::decode_account(repeat(size, 1)).error() == account_error::wrong_size);
  }
}

TEST_CASE("mints decode") {
  const bytes full =
      concat({from_hex("01000000"), raw(a), from_hex("0100000000000080"), {9}, {1}, from_hex("01000000"), raw(b)});
  REQUIRE(full.size() == token::mint_bytes);
  token::mint_account expected{a, 0x8000000000000001, 9, b, {}};
  CHECK(token::decode_mint(full).value() == expected);

  const bytes fixed = concat({repeat(36, 0), from_hex("0100000000000000"), {6}, {1}, repeat(36, 0)});
  CHECK(token::decode_mint(fixed).value() == token::mint_account{std::nullopt, 1, 6, std::nullopt, {}});

  bytes extended = concat({full, repeat(83, 0), {1}, from_hex("0e00 0200 0000")});
  expected.extensions = {14};
  CHECK(token::decode_mint(extended).value() == expected);
  bytes account_typed = extended;
  account_typed[165] = 2;
  CHECK(token::decode_mint(account_typed).error() == account_error::wrong_kind);
  extended[100] = 1;
  CHECK(token::decode_mint(extended).error() == account_error::wrong_kind);
}

TEST_CASE("what is no mint is refused") {
  bytes data(token::mint_bytes);
  CHECK(token::decode_mint(data).error() == account_error::uninitialized);
  data[45] = 2;
  CHECK(token::decode_mint(data).error() == account_error::wrong_kind);
  data[45] = 1;
  CHECK(token::decode_mint(data));
  data[1] = 1;
  CHECK(token::decode_mint(data).error() == account_error::wrong_kind);
  for (const std::size_t size : {0U, 81U, 83U, 165U, 355U}) {
    CAPTURE(size);
    CHECK(token::decode_mint(repeat(size, 1)).error() == account_error::wrong_size);
  }
}

TEST_CASE("lookup tables decode") {
  const bytes data = concat(
      {from_hex("01000000 ffffffffffffffff 6400000000000000 02 01"), raw(a), from_hex("0000"), raw(b), raw(c), raw(d)});
  const auto table = decode_lookup_table(data).value();
  CHECK(table == lookup_table_account{std::nullopt, 100, 2, a, {b, c, d}});
  CHECK(table.usable_at(a, 101) == address_lookup_table{a, {b, c, d}});
  // What was added in slot 100 counts from the next slot on.
  CHECK(table.usable_at(a, 100) == address_lookup_table{a, {b, c}});

  bytes frozen = data;
  frozen[21] = 0;
  CHECK(decode_lookup_table(frozen)->authority == std::nullopt);
  bytes deactivated = data;
  deactivated[4] = 0x10;
  CHECK(decode_lookup_table(deactivated)->deactivation_slot == 0xffffffffffffff10U);
  CHECK(decode_lookup_table(deactivated)->usable_at(a, 500).addresses.empty());
}

TEST_CASE("what is no lookup table is refused") {
  bytes data(56 + 32);
  CHECK(decode_lookup_table(data).error() == account_error::uninitialized);
  data[0] = 2;
  CHECK(decode_lookup_table(data).error() == account_error::wrong_kind);
  data[0] = 1;
  CHECK(decode_lookup_table(data));
  data[21] = 2;
  CHECK(decode_lookup_table(data).error() == account_error::wrong_kind);
  data[21] = 0;
  data.pop_back();
  CHECK(decode_lookup_table(data).error() == account_error::wrong_size);
  CHECK(decode_lookup_table(repeat(55, 1)).error() == account_error::wrong_size);
  bytes too_many(56 + 257 * 32);
  too_many[0] = 1;
  CHECK(decode_lookup_table(too_many).error() == account_error::wrong_size);
}

TEST_SUITE_END();
