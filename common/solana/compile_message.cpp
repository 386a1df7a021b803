// From instructions to a message, and back.
#include <algorithm>
#include <map>
#include <unordered_set>
#include <utility>

#include "common/solana/message.hpp"

namespace landfall::solana {
namespace {

using domain::failure;
using domain::result;

/// Account indexes are one byte.
constexpr std::size_t max_keys = 256;

struct key_use {
  bool is_signer = false;
  bool is_writable = false;
  bool is_called = false;
};

/// What all instructions together need of each key, in the order of the key bytes.
using key_uses = std::map<pubkey, key_use>;

key_uses collect_uses(const pubkey& payer, std::span<const instruction> instructions) {
  key_uses uses;
  uses[payer] = {.is_signer = true, .is_writable = true, .is_called = false};
  for (const instruction& i : instructions) {
    uses[i.program_id].is_called = true;
    for (const account_meta& account : i.accounts) {
      key_use& use = uses[account.key];
      use.is_signer |= account.is_signer;
      use.is_writable |= account.is_writable;
    }
  }
  return uses;
}

/// Where looked-up keys lie: writable ones of all tables, then readonly ones of all tables, behind the static keys.
struct looked_up_keys {
  std::vector<pubkey> writable;
  std::vector<pubkey> readonly;
};

/// Takes what `table` has and what may be looked up from `uses` to `lookups` and `keys`.
void take_to_lookup(const address_lookup_table& table, key_uses& uses, std::vector<table_lookup>& lookups,
                    looked_up_keys& keys) {
  std::map<pubkey, std::uint8_t> positions;
  for (std::size_t i = 0; i < std::min(table.addresses.size(), max_keys); ++i)
    positions.emplace(table.addresses[i], static_cast<std::uint8_t>(i));

  table_lookup lookup{.table = table.key, .writable = {}, .readonly = {}};
  for (auto at = uses.begin(); at != uses.end();) {
    const auto& [key, use] = *at;
    const auto found = use.is_signer || use.is_called ? positions.end() : positions.find(key);
    if (found == positions.end()) {
      ++at;
      continue;
    }
    (use.is_writable ? lookup.writable : lookup.readonly).push_back(found->second);
    (use.is_writable ? keys.writable : keys.readonly).push_back(key);
    at = uses.erase(at);
  }
  if (!lookup.writable.empty() || !lookup.readonly.empty())
    lookups.push_back(std::move(lookup));
}

/// Fills in header and static keys.
void place_static_keys(const pubkey& payer, const key_uses& uses, message& m) {
  const auto append_group = [&](bool is_signer, bool is_writable) {
    std::size_t count = 0;
    for (const auto& [key, use] : uses)
      if (key != payer && use.is_signer == is_signer && use.is_writable == is_writable) {
        m.static_keys.push_back(key);
        ++count;
      }
    return static_cast<std::uint8_t>(count);
  };
  m.static_keys.push_back(payer);
  const std::uint8_t writable_signers = append_group(true, true);
  m.header.readonly_signed = append_group(true, false);
  m.header.required_signatures = static_cast<std::uint8_t>(1 + writable_signers + m.header.readonly_signed);
  append_group(false, true);
  m.header.readonly_unsigned = append_group(false, false);
}

}  // namespace

result<message, wire_error> compile_message(const pubkey& payer, std::span<const instruction> instructions,
                                            const blockhash& recent_blockhash,
                                            std::span<const address_lookup_table> lookup_tables,
                                            message_version version) {
  if (version == message_version::v1 || (version == message_version::legacy && !lookup_tables.empty()))
    return failure{wire_error::unsupported_version};
  key_uses uses = collect_uses(payer, instructions);
  if (uses[payer].is_called)
    return failure{wire_error::bad_program_index};

  message m;
  m.version = version;
  m.recent_blockhash = recent_blockhash;
  looked_up_keys looked_up;
  const std::size_t all_keys = uses.size();
  if (all_keys > max_keys)
    return failure{wire_error::too_many_keys};
  for (const address_lookup_table& table : lookup_tables)
    take_to_lookup(table, uses, m.lookups, looked_up);
  place_static_keys(payer, uses, m);

  std::map<pubkey, std::uint8_t> indexes;
  for (const auto* keys : {&m.static_keys, &looked_up.writable, &looked_up.readonly})
    for (const pubkey& key : *keys)
      indexes.emplace(key, static_cast<std::uint8_t>(indexes.size()));
  for (const instruction& i : instructions) {
    compiled_instruction& compiled = m.instructions.emplace_back();
    compiled.program_index = indexes.at(i.program_id);
    compiled.data = i.data;
    for (const account_meta& account : i.accounts)
      compiled.accounts.push_back(indexes.at(account.key));
  }
  if (const auto checked = check(m); !checked)
    return failure{checked.error()};
  return m;
}

result<std::vector<pubkey>, wire_error> account_keys(const message& m,
                                                     std::span<const address_lookup_table> lookup_tables) {
  std::vector<pubkey> keys = m.static_keys;
  for (const auto part : {&table_lookup::writable, &table_lookup::readonly})
    for (const table_lookup& lookup : m.lookups) {
      const auto table = std::find_if(lookup_tables.begin(), lookup_tables.end(),
                                      [&](const address_lookup_table& t) { return t.key == lookup.table; });
      if (table == lookup_tables.end())
        return failure{wire_error::unknown_table};
      for (const std::uint8_t index : lookup.*part) {
        if (index >= table->addresses.size())
          return failure{wire_error::bad_account_index};
        keys.push_back(table->addresses[index]);
      }
    }
  const std::unordered_set<pubkey> unique(keys.begin(), keys.end());
  if (unique.size() != keys.size())
    return failure{wire_error::duplicate_key};
  return keys;
}

result<std::vector<instruction>, wire_error> resolve_instructions(const message& m,
                                                                  std::span<const address_lookup_table> lookup_tables) {
  const auto keys = account_keys(m, lookup_tables);
  if (!keys)
    return failure{keys.error()};
  std::vector<instruction> resolved;
  resolved.reserve(m.instructions.size());
  for (const compiled_instruction& compiled : m.instructions) {
    if (compiled.program_index >= m.static_keys.size())
      return failure{wire_error::bad_program_index};
    instruction& i = resolved.emplace_back();
    i.program_id = m.static_keys[compiled.program_index];
    i.data = compiled.data;
    i.accounts.reserve(compiled.accounts.size());
    for (const std::uint8_t index : compiled.accounts) {
      if (index >= keys->size())
        return failure{wire_error::bad_account_index};
      i.accounts.push_back({(*keys)[index], m.is_signer(index), m.is_writable(index)});
    }
  }
  return resolved;
}

}  // namespace landfall::solana
