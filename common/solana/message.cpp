#include "common/solana/message.hpp"

#include <algorithm>
#include <limits>
#include <set>
#include <unordered_set>
#include <utility>

#include "common/solana/short_vec.hpp"
#include "common/solana/wire.hpp"

namespace landfall::solana {
namespace {

using domain::done;
using domain::failure;
using domain::result;

constexpr std::uint8_t v0_prefix = 0x80;

/// Account indexes are one byte.
constexpr std::size_t max_keys = 256;

constexpr std::size_t v1_max_signatures = 12;
constexpr std::size_t v1_max_keys = 64;
constexpr std::size_t v1_max_instructions = 64;
constexpr std::uint32_t v1_fee_bits = 0b11;
constexpr std::uint32_t v1_compute_unit_bit = 1U << 2U;
constexpr std::uint32_t v1_loaded_data_bit = 1U << 3U;
constexpr std::uint32_t v1_heap_bit = 1U << 4U;
constexpr std::uint32_t v1_known_bits = v1_fee_bits | v1_compute_unit_bit | v1_loaded_data_bit | v1_heap_bit;
constexpr std::uint32_t v1_heap_step_bytes = 1024;
constexpr std::uint32_t v1_min_heap_bytes = 32 * 1024;
constexpr std::uint32_t v1_max_heap_bytes = 256 * 1024;

std::size_t looked_up_count(const message& m, std::vector<std::uint8_t> table_lookup::*part) noexcept {
  std::size_t count = 0;
  for (const table_lookup& lookup : m.lookups)
    count += (lookup.*part).size();
  return count;
}

// ---- check ----------------------------------------------------------------------------------------------------------

std::optional<wire_error> check_header(const message& m) {
  const message_header& h = m.header;
  if (h.readonly_signed >= h.required_signatures)
    return wire_error::bad_header;
  if (std::size_t{h.required_signatures} + h.readonly_unsigned > m.static_keys.size())
    return wire_error::bad_header;
  return std::nullopt;
}

std::optional<wire_error> check_static_keys(const message& m) {
  if (m.static_keys.size() > (m.version == message_version::v1 ? v1_max_keys : max_keys))
    return wire_error::too_many_keys;
  const std::unordered_set<pubkey> unique(m.static_keys.begin(), m.static_keys.end());
  if (unique.size() != m.static_keys.size())
    return wire_error::duplicate_key;
  return std::nullopt;
}

std::optional<wire_error> check_lookups(const message& m) {
  if (m.version != message_version::v0)
    return m.lookups.empty() ? std::nullopt : std::optional{wire_error::unsupported_version};
  if (m.key_count() > max_keys)
    return wire_error::too_many_keys;
  std::set<std::pair<pubkey, std::uint8_t>> loaded;
  for (const table_lookup& lookup : m.lookups) {
    if (lookup.writable.empty() && lookup.readonly.empty())
      return wire_error::empty_lookup;
    for (const auto* part : {&lookup.writable, &lookup.readonly})
      for (const std::uint8_t index : *part)
        if (!loaded.emplace(lookup.table, index).second)
          return wire_error::duplicate_key;
  }
  return std::nullopt;
}

std::optional<wire_error> check_instructions(const message& m) {
  constexpr std::size_t longest_list = std::numeric_limits<std::uint16_t>::max();
  const bool is_v1 = m.version == message_version::v1;
  if (m.instructions.size() > (is_v1 ? v1_max_instructions : longest_list))
    return wire_error::too_large;
  const std::size_t keys = m.key_count();
  for (const compiled_instruction& i : m.instructions) {
    if (i.program_index == 0 || i.program_index >= m.static_keys.size())
      return wire_error::bad_program_index;
    if (std::any_of(i.accounts.begin(), i.accounts.end(), [&](std::uint8_t index) { return index >= keys; }))
      return wire_error::bad_account_index;
    if (i.data.size() > longest_list || i.accounts.size() > (is_v1 ? 255 : longest_list))
      return wire_error::too_large;
  }
  return std::nullopt;
}

std::optional<wire_error> check_config(const message& m) {
  if (m.version != message_version::v1)
    return m.config == message_config{} ? std::nullopt : std::optional{wire_error::unsupported_version};
  if (m.header.required_signatures > v1_max_signatures)
    return wire_error::bad_header;
  const auto heap = m.config.heap_bytes;
  if (heap && (*heap % v1_heap_step_bytes != 0 || *heap < v1_min_heap_bytes || *heap > v1_max_heap_bytes))
    return wire_error::bad_config;
  return std::nullopt;
}

// ---- serialize ------------------------------------------------------------------------------------------------------

void append_length(bytes& out, std::size_t length) {
  if (length > std::numeric_limits<std::uint16_t>::max())
    domain::broken_invariant("a message list of more than 65535 entries");
  append_short_length(out, static_cast<std::uint16_t>(length));
}

void append_list(bytes& out, byte_view list) {
  append_length(out, list.size());
  detail::append_bytes(out, list);
}

std::uint8_t to_u8(std::size_t length) {
  if (length > std::numeric_limits<std::uint8_t>::max())
    domain::broken_invariant("a v1 message list of more than 255 entries");
  return static_cast<std::uint8_t>(length);
}

void append_header(bytes& out, const message_header& h) {
  out.push_back(h.required_signatures);
  out.push_back(h.readonly_signed);
  out.push_back(h.readonly_unsigned);
}

void append_keys(bytes& out, const std::vector<pubkey>& keys) {
  for (const pubkey& key : keys)
    detail::append_bytes(out, key.view());
}

void append_legacy_body(bytes& out, const message& m) {
  append_header(out, m.header);
  append_length(out, m.static_keys.size());
  append_keys(out, m.static_keys);
  detail::append_bytes(out, m.recent_blockhash.view());
  append_length(out, m.instructions.size());
  for (const compiled_instruction& i : m.instructions) {
    out.push_back(i.program_index);
    append_list(out, i.accounts);
    append_list(out, i.data);
  }
}

void append_lookups(bytes& out, const message& m) {
  append_length(out, m.lookups.size());
  for (const table_lookup& lookup : m.lookups) {
    detail::append_bytes(out, lookup.table.view());
    append_list(out, lookup.writable);
    append_list(out, lookup.readonly);
  }
}

void append_v1_body(bytes& out, const message& m) {
  const message_config& config = m.config;
  append_header(out, m.header);
  detail::append_int(out, (config.priority_fee_lamports ? v1_fee_bits : 0U) |
                              (config.compute_unit_limit ? v1_compute_unit_bit : 0U) |
                              (config.loaded_accounts_data_limit_bytes ? v1_loaded_data_bit : 0U) |
                              (config.heap_bytes ? v1_heap_bit : 0U));
  detail::append_bytes(out, m.recent_blockhash.view());
  out.push_back(to_u8(m.instructions.size()));
  out.push_back(to_u8(m.static_keys.size()));
  append_keys(out, m.static_keys);
  if (config.priority_fee_lamports)
    detail::append_int(out, *config.priority_fee_lamports);
  for (const auto& value : {config.compute_unit_limit, config.loaded_accounts_data_limit_bytes, config.heap_bytes})
    if (value)
      detail::append_int(out, *value);
  for (const compiled_instruction& i : m.instructions) {
    if (i.data.size() > std::numeric_limits<std::uint16_t>::max())
      domain::broken_invariant("v1 instruction data of more than 65535 bytes");
    out.push_back(i.program_index);
    out.push_back(to_u8(i.accounts.size()));
    detail::append_int(out, static_cast<std::uint16_t>(i.data.size()));
  }
  for (const compiled_instruction& i : m.instructions) {
    detail::append_bytes(out, i.accounts);
    detail::append_bytes(out, i.data);
  }
}

// ---- parse ----------------------------------------------------------------------------------------------------------

/// Reads a message field by field; the first error stays, and everything read after it is empty.
class message_reader {
public:
  explicit message_reader(byte_view data) noexcept : in_{data} {}

  [[nodiscard]] message read() {
    message m;
    const byte_view rest = in_.rest();
    if (rest.empty()) {
      fail(wire_error::truncated);
    } else if (rest[0] < detail::versioned_flag) {
      read_legacy_body(m);
    } else if (rest[0] == v0_prefix) {
      m.version = message_version::v0;
      (void)u8();
      read_legacy_body(m);
      read_lookups(m);
    } else if (rest[0] == detail::v1_prefix) {
      m.version = message_version::v1;
      (void)u8();
      read_v1_body(m);
    } else {
      fail(wire_error::unsupported_version);
    }
    return m;
  }

  [[nodiscard]] std::optional<wire_error> error() const noexcept {
    return error_;
  }
  [[nodiscard]] std::size_t consumed() const noexcept {
    return in_.consumed();
  }

private:
  void fail(wire_error error) {
    if (!error_)
      error_ = error;
  }

  template <std::unsigned_integral T>
  T number() {
    const auto value = error_ ? std::nullopt : in_.take_int<T>();
    if (!value)
      fail(wire_error::truncated);
    return value.value_or(T{0});
  }
  std::uint8_t u8() {
    return number<std::uint8_t>();
  }

  template <class Fixed>
  Fixed fixed() {
    const auto value = error_ ? std::nullopt : in_.take_fixed<Fixed>();
    if (!value)
      fail(wire_error::truncated);
    return value.value_or(Fixed{});
  }

  std::size_t length() {
    if (error_)
      return 0;
    const auto decoded = decode_short_length(in_.rest());
    if (!decoded) {
      fail(decoded.error());
      return 0;
    }
    (void)in_.take(decoded->size);
    return decoded->value;
  }

  std::vector<std::uint8_t> raw(std::size_t count) {
    const auto taken = error_ ? std::nullopt : in_.take(count);
    if (!taken) {
      fail(wire_error::truncated);
      return {};
    }
    return {taken->begin(), taken->end()};
  }

  void read_header(message& m) {
    m.header.required_signatures = u8();
    m.header.readonly_signed = u8();
    m.header.readonly_unsigned = u8();
  }

  void read_keys(message& m, std::size_t count) {
    // An attacker's count is no reason to allocate: the keys have to be there.
    if (count * pubkey::size > in_.rest().size())
      return fail(wire_error::truncated);
    m.static_keys.reserve(count);
    for (std::size_t i = 0; i < count && !error_; ++i)
      m.static_keys.push_back(fixed<pubkey>());
  }

  void read_legacy_body(message& m) {
    read_header(m);
    read_keys(m, length());
    m.recent_blockhash = fixed<blockhash>();
    const std::size_t count = length();
    for (std::size_t i = 0; i < count && !error_; ++i) {
      compiled_instruction& read = m.instructions.emplace_back();
      read.program_index = u8();
      read.accounts = raw(length());
      read.data = raw(length());
    }
  }

  void read_lookups(message& m) {
    const std::size_t count = length();
    for (std::size_t i = 0; i < count && !error_; ++i) {
      table_lookup& read = m.lookups.emplace_back();
      read.table = fixed<pubkey>();
      read.writable = raw(length());
      read.readonly = raw(length());
    }
  }

  void read_v1_body(message& m) {
    read_header(m);
    const auto mask = number<std::uint32_t>();
    const std::uint32_t fee_bits = mask & v1_fee_bits;
    if ((mask & ~v1_known_bits) != 0 || (fee_bits != 0 && fee_bits != v1_fee_bits))
      return fail(wire_error::bad_config);
    m.recent_blockhash = fixed<blockhash>();
    const std::size_t instructions = u8();
    const std::size_t keys = u8();
    read_keys(m, keys);
    if (fee_bits != 0)
      m.config.priority_fee_lamports = number<std::uint64_t>();
    if ((mask & v1_compute_unit_bit) != 0)
      m.config.compute_unit_limit = number<std::uint32_t>();
    if ((mask & v1_loaded_data_bit) != 0)
      m.config.loaded_accounts_data_limit_bytes = number<std::uint32_t>();
    if ((mask & v1_heap_bit) != 0)
      m.config.heap_bytes = number<std::uint32_t>();

    struct sizes {
      std::size_t accounts = 0;
      std::size_t data = 0;
    };
    std::vector<sizes> payloads;
    for (std::size_t i = 0; i < instructions && !error_; ++i) {
      m.instructions.emplace_back().program_index = u8();
      const std::size_t accounts = u8();
      payloads.push_back({accounts, number<std::uint16_t>()});
    }
    for (std::size_t i = 0; i < payloads.size() && !error_; ++i) {
      m.instructions[i].accounts = raw(payloads[i].accounts);
      m.instructions[i].data = raw(payloads[i].data);
    }
  }

  detail::reader in_;
  std::optional<wire_error> error_;
};

std::size_t size_limit(message_version version) noexcept {
  return version == message_version::v1 ? max_transaction_v1_bytes : max_transaction_bytes;
}

}  // namespace

std::size_t message::key_count() const noexcept {
  return static_keys.size() + looked_up_count(*this, &table_lookup::writable) +
         looked_up_count(*this, &table_lookup::readonly);
}

bool message::is_signer(std::size_t index) const noexcept {
  return index < header.required_signatures;
}

bool message::is_writable(std::size_t index) const noexcept {
  if (index >= static_keys.size())
    return index - static_keys.size() < looked_up_count(*this, &table_lookup::writable);
  if (index < header.required_signatures)
    return index + header.readonly_signed < header.required_signatures;
  return index + header.readonly_unsigned < static_keys.size();
}

result<done, wire_error> check(const message& m) {
  for (const auto rule : {check_header, check_static_keys, check_lookups, check_instructions, check_config})
    if (const auto error = rule(m))
      return failure{*error};
  return done{};
}

bytes serialize(const message& m) {
  bytes out;
  out.reserve(max_transaction_bytes);
  switch (m.version) {
    case message_version::legacy:
      append_legacy_body(out, m);
      break;
    case message_version::v0:
      out.push_back(v0_prefix);
      append_legacy_body(out, m);
      append_lookups(out, m);
      break;
    case message_version::v1:
      out.push_back(detail::v1_prefix);
      append_v1_body(out, m);
      break;
  }
  return out;
}

result<detail::message_prefix, wire_error> detail::parse_message_prefix(byte_view data) {
  message_reader reader{data};
  message m = reader.read();
  if (reader.error())
    return failure{*reader.error()};
  if (const auto checked = check(m); !checked)
    return failure{checked.error()};
  return message_prefix{std::move(m), reader.consumed()};
}

result<message, wire_error> parse_message(byte_view data) {
  if (data.size() > max_transaction_v1_bytes)
    return failure{wire_error::too_large};
  auto prefix = detail::parse_message_prefix(data);
  if (!prefix)
    return failure{prefix.error()};
  if (data.size() > size_limit(prefix->parsed.version))
    return failure{wire_error::too_large};
  if (prefix->size != data.size())
    return failure{wire_error::trailing_bytes};
  return std::move(prefix->parsed);
}

}  // namespace landfall::solana
