#include <doctest/doctest.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "common/solana/associated_token.hpp"
#include "common/solana/base58.hpp"
#include "common/solana/compute_budget.hpp"
#include "common/solana/curve.hpp"
#include "common/solana/keypair.hpp"
#include "common/solana/system.hpp"
#include "common/solana/token.hpp"
#include "common/solana/transaction.hpp"
#include "tests/common/solana/hex.hpp"
#include "tests/support/foreign_instructions.hpp"

// Random cases from the JavaScript libraries, against ours and back: `oracle/oracle.mjs` describes the lines.

using namespace landfall::solana;

namespace {

constexpr std::size_t cases_of_a_kind = 2000;

using fields = std::vector<std::string>;

fields split(std::string_view text, char separator) {
  fields out;
  for (std::size_t at = 0;;) {
    const std::size_t end = text.find(separator, at);
    out.emplace_back(text.substr(at, end - at));
    if (end == std::string_view::npos)
      return out;
    at = end + 1;
  }
}

bytes bytes_of(const std::string& field) {
  return field == "-" ? bytes{} : from_hex(field);
}

std::string field_of(byte_view data) {
  return data.empty() ? "-" : to_hex(data);
}

pubkey key_of_field(const std::string& field) {
  return pubkey::from_bytes(bytes_of(field)).value();
}

std::string text_of_field(const std::string& field) {
  const bytes raw = bytes_of(field);
  return {raw.begin(), raw.end()};
}

keypair pair_of_field(const std::string& field) {
  std::array<std::uint8_t, 32> seed{};
  const bytes raw = bytes_of(field);
  std::copy_n(raw.begin(), seed.size(), seed.begin());
  return keypair::from_seed(seed).value();
}

instruction instruction_of(const std::string& text) {
  const fields parts = split(text, ':');
  instruction out{key_of_field(parts.at(0)), {}, bytes_of(parts.at(2))};
  if (parts[1] != "-")
    for (const std::string& account : split(parts[1], ',')) {
      const int flags = account.back() - '0';
      out.accounts.push_back({key_of_field(account.substr(0, account.size() - 1)), (flags & 1) != 0, (flags & 2) != 0});
    }
  return out;
}

std::vector<instruction> instructions_of(const std::string& text) {
  std::vector<instruction> out;
  if (text != "-")
    for (const std::string& part : split(text, ';'))
      out.push_back(instruction_of(part));
  return out;
}

std::vector<address_lookup_table> tables_of(const std::string& text) {
  std::vector<address_lookup_table> out;
  if (text == "-")
    return out;
  for (const std::string& part : split(text, ';')) {
    const fields table = split(part, ':');
    out.push_back({key_of_field(table.at(0)), {}});
    if (table.at(1) != "-")
      for (const std::string& address : split(table[1], ','))
        out.back().addresses.push_back(key_of_field(address));
  }
  return out;
}

// ---- the other process ----------------------------------------------------------------------------------------------

std::string shell_word(std::string_view text) {
  std::string out = "'";
  for (const char c : text)
    out += c == '\'' ? std::string{"'\\''"} : std::string{c};
  return out + "'";
}

/// Runs the script and gives its output; on failure the test ends with what to install.
std::string run_oracle(const std::string& arguments) {
  const char* const node = std::getenv("LANDFALL_NODE");
  const std::string command =
      shell_word(node != nullptr ? node : "node") + " " + shell_word(LANDFALL_ORACLE_SCRIPT) + " " + arguments;
  FILE* const pipe = popen(command.c_str(), "r");
  REQUIRE(pipe != nullptr);
  std::string output;
  std::array<char, 65'536> buffer{};
  while (const std::size_t count = std::fread(buffer.data(), 1, buffer.size(), pipe))
    output.append(buffer.data(), count);
  const int status = pclose(pipe);
  const int code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  if (code == 127)
    FAIL("no Node.js: install it, or name its program in LANDFALL_NODE");
  if (code == 3)
    FAIL("the oracle's packages are missing: run 'npm ci' in devnet/");
  INFO(command);
  REQUIRE(code == 0);
  return output;
}

unsigned seed_of_run() {
  const char* const fixed = std::getenv("LANDFALL_SEED");
  return fixed != nullptr ? static_cast<unsigned>(std::stoul(fixed)) : std::random_device{}();
}

// ---- one check for every kind of line -------------------------------------------------------------------------------

void check_base58(const fields& f) {
  const bytes data = bytes_of(f[1]);
  const std::string text = f[2] == "-" ? std::string{} : f[2];
  REQUIRE(base58_encode(data) == text);
  bytes decoded(data.size());
  REQUIRE(detail::base58_decode_into(text, decoded) == data.size());
  REQUIRE(decoded == data);
}

void check_curve(const fields& f) {
  REQUIRE(is_on_curve(key_of_field(f[1]).bytes()) == (f[2] == "1"));
}

void check_derived(const fields& f) {
  std::vector<bytes> seeds;
  for (std::size_t i = 4; i < f.size(); ++i)
    seeds.push_back(bytes_of(f[i]));
  const std::vector<byte_view> views(seeds.begin(), seeds.end());
  const auto found = find_program_address(views, key_of_field(f[1])).value();
  REQUIRE(found.key == key_of_field(f[2]));
  REQUIRE(std::to_string(found.bump) == f[3]);
}

void check_seeded(const fields& f) {
  REQUIRE(create_with_seed(key_of_field(f[1]), text_of_field(f[2]), key_of_field(f[3])).value() == key_of_field(f[4]));
}

void check_associated(const fields& f) {
  REQUIRE(associated_token_address(key_of_field(f[1]), key_of_field(f[2]), key_of_field(f[3])) == key_of_field(f[4]));
}

void check_signature(const fields& f) {
  const keypair pair = pair_of_field(f[1]);
  const bytes message = bytes_of(f[3]);
  REQUIRE(pair.public_key() == key_of_field(f[2]));
  const signature sig = pair.sign(message);
  REQUIRE(field_of(sig.view()) == f[4]);
  REQUIRE(verify(pair.public_key(), message, sig));
}

/// Builds what the line names from its arguments.
instruction build(const fields& f) {
  const auto k = [&](std::size_t i) { return key_of_field(f.at(i + 3)); };
  const auto s = [&](std::size_t i) { return text_of_field(f.at(i + 3)); };
  const auto n = [&](std::size_t i) { return std::uint64_t{std::stoull(f.at(i + 3))}; };
  const std::map<std::string, std::function<instruction()>> builders{
      {"system_transfer", [&] { return system::transfer(k(0), k(1), n(2)); }},
      {"system_allocate_with_seed", [&] { return system::allocate_with_seed(k(0), k(1), s(2), n(3), k(4)); }},
      {"token_initialize_account3", [&] { return token::initialize_account3(k(0), k(1), k(2), k(3)); }},
      {"token_transfer", [&] { return token::transfer(k(0), k(1), k(2), n(3), k(4)); }},
      {"token_transfer_checked",
       [&] { return token::transfer_checked(k(0), k(1), k(2), k(3), n(4), static_cast<std::uint8_t>(n(5)), k(6)); }},
      {"token_approve", [&] { return landfall::tests::token::approve(k(0), k(1), k(2), n(3), k(4)); }},
      {"token_burn", [&] { return landfall::tests::token::burn(k(0), k(1), k(2), n(3), k(4)); }},
      {"token_close_account", [&] { return token::close_account(k(0), k(1), k(2), k(3)); }},
      {"token_sync_native", [&] { return landfall::tests::token::sync_native(k(0), k(1)); }},
      {"associated_create_idempotent", [&] { return associated_token::create_idempotent(k(0), k(1), k(2), k(3)); }},
      {"compute_budget_unit_limit", [&] { return compute_budget::set_unit_limit(static_cast<std::uint32_t>(n(0))); }},
      {"compute_budget_unit_price", [&] { return compute_budget::set_unit_price(n(0)); }},
  };
  return builders.at(f.at(1))();
}

void check_instruction(const fields& f) {
  INFO(f[1]);
  REQUIRE(build(f) == instruction_of(f[2]));
}

/// The keys of each group (writable signers, …), whose inner order the two sides choose differently.
std::array<std::set<pubkey>, 4> groups_of(const message& m) {
  std::array<std::set<pubkey>, 4> groups;
  for (std::size_t i = 0; i < m.static_keys.size(); ++i)
    groups[(m.is_signer(i) ? 0U : 2U) + (m.is_writable(i) ? 0U : 1U)].insert(m.static_keys[i]);
  return groups;
}

/// What each table is asked for, without the order.
std::map<pubkey, std::array<std::set<std::uint8_t>, 2>> lookups_of(const message& m) {
  std::map<pubkey, std::array<std::set<std::uint8_t>, 2>> out;
  for (const table_lookup& lookup : m.lookups)
    out[lookup.table] = {std::set(lookup.writable.begin(), lookup.writable.end()),
                         std::set(lookup.readonly.begin(), lookup.readonly.end())};
  return out;
}

/// web3.js reads fees as JavaScript numbers.
constexpr std::uint64_t largest_safe_integer = (std::uint64_t{1} << 53U) - 1;

std::string v1_line(message m, const fields& f, const std::vector<keypair>& signers, std::size_t number) {
  m.version = message_version::v1;
  const auto n = static_cast<std::uint32_t>(number);
  if ((n & 1U) != 0)
    m.config.priority_fee_lamports = largest_safe_integer - n;
  if ((n & 2U) != 0)
    m.config.compute_unit_limit = n;
  if ((n & 4U) != 0)
    m.config.loaded_accounts_data_limit_bytes = ~n;
  if ((n & 8U) != 0)
    m.config.heap_bytes = 64 * 1024;
  transaction tx = make_transaction(std::move(m));
  for (const keypair& pair : signers)
    REQUIRE(sign(tx, pair));
  const bytes wire = serialize(tx).value();
  REQUIRE(parse_transaction(wire).value() == tx);
  const auto text = [](const auto& value) { return value ? std::to_string(*value) : std::string{"-"}; };
  const message_config& config = tx.body.config;
  return "v1 " + field_of(wire) + " " + f[3] + " " + f[6] + " " + text(config.priority_fee_lamports) + "," +
         text(config.compute_unit_limit) + "," + text(config.loaded_accounts_data_limit_bytes) + "," +
         text(config.heap_bytes) + "\n";
}

/// Reads their transaction, makes our own of the same instructions, and gives the line that they check in turn.
std::string check_message(const fields& f, message_version version, std::size_t number) {
  const bytes wire = bytes_of(f[1]);
  const pubkey payer = key_of_field(f[2]);
  const auto recent = blockhash::from_bytes(bytes_of(f[3])).value();
  const auto tables = tables_of(f[4]);
  const auto instructions = instructions_of(f[5]);
  const auto resolved = instructions_of(f[6]);

  const auto theirs = parse_transaction(wire);
  REQUIRE(theirs);
  REQUIRE(theirs->body.version == version);
  REQUIRE(serialize(*theirs).value() == wire);
  REQUIRE(verify_signatures(*theirs));
  REQUIRE(resolve_instructions(theirs->body, tables).value() == resolved);

  transaction ours = make_transaction(compile_message(payer, instructions, recent, tables, version).value());
  std::vector<keypair> signers;
  for (const std::string& seed : split(f[7], ','))
    signers.push_back(pair_of_field(seed));
  for (const keypair& pair : signers)
    REQUIRE(sign(ours, pair));
  REQUIRE(verify_signatures(ours));
  REQUIRE(ours.body.header == theirs->body.header);
  REQUIRE(ours.body.static_keys.front() == payer);
  REQUIRE(groups_of(ours.body) == groups_of(theirs->body));
  REQUIRE(lookups_of(ours.body) == lookups_of(theirs->body));
  REQUIRE(resolve_instructions(ours.body, tables).value() == resolved);
  const bytes our_wire = serialize(ours).value();
  REQUIRE(our_wire.size() == wire.size());
  REQUIRE(parse_transaction(our_wire).value() == ours);

  std::string lines = f[0] + " " + field_of(our_wire) + " " + f[2] + " " + f[3] + " " + f[4] + " " + f[6] + "\n";
  if (version == message_version::legacy)
    lines += v1_line(ours.body, f, signers, number);
  return lines;
}

}  // namespace

TEST_SUITE_BEGIN("common/solana/oracle");

TEST_CASE("the JavaScript libraries agree with ours on random cases in both directions") {
  const unsigned seed = seed_of_run();
  MESSAGE("seed ", seed, ", to be repeated with LANDFALL_SEED");

  std::map<std::string, std::size_t> checked;
  std::string answers;
  const std::map<std::string, std::function<void(const fields&)>> checks{
      {"base58", check_base58},
      {"curve", check_curve},
      {"derived", check_derived},
      {"seeded", check_seeded},
      {"associated", check_associated},
      {"signature", check_signature},
      {"instruction", check_instruction},
      {"legacy", [&](const fields& f) { answers += check_message(f, message_version::legacy, checked["legacy"]); }},
      {"v0", [&](const fields& f) { answers += check_message(f, message_version::v0, checked["v0"]); }},
  };
  const std::string cases = run_oracle("cases " + std::to_string(seed) + " " + std::to_string(cases_of_a_kind));
  for (const std::string& line : split(cases, '\n')) {
    if (line.empty())
      continue;
    INFO(line);
    const fields f = split(line, ' ');
    checks.at(f[0])(f);
    ++checked[f[0]];
  }
  CHECK(checked.size() == checks.size());
  for (const auto& [kind, count] : checked) {
    CAPTURE(kind);
    CHECK(count == cases_of_a_kind);
  }

  std::string path = (std::filesystem::temp_directory_path() / "landfall-oracle-XXXXXX").string();
  const int file = mkstemp(path.data());
  REQUIRE(file >= 0);
  const std::unique_ptr<FILE, int (*)(FILE*)> out{fdopen(file, "w"), &std::fclose};
  REQUIRE(std::fwrite(answers.data(), 1, answers.size(), out.get()) == answers.size());
  REQUIRE(std::fflush(out.get()) == 0);
  const std::string report = run_oracle("check " + shell_word(path));
  std::filesystem::remove(path);
  CHECK(report == "checked " + std::to_string(3 * cases_of_a_kind) + "\n");
}

TEST_SUITE_END();
