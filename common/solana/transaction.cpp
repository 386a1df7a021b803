#include "common/solana/transaction.hpp"

#include <algorithm>
#include <utility>

#include "common/solana/short_vec.hpp"
#include "common/solana/wire.hpp"

namespace landfall::solana {
namespace {

using domain::done;
using domain::failure;
using domain::result;

std::size_t short_length_size(std::size_t length) noexcept {
  return length < 0x80 ? 1 : length < 0x4000 ? 2 : 3;
}

std::size_t size_with(const transaction& tx, std::size_t message_size) noexcept {
  const std::size_t count_size = tx.body.version == message_version::v1 ? 0 : short_length_size(tx.signatures.size());
  return count_size + tx.signatures.size() * signature::size + message_size;
}

/// Takes as many signatures as `raw` holds.
std::vector<signature> read_signatures(byte_view raw) {
  std::vector<signature> signatures;
  signatures.reserve(raw.size() / signature::size);
  detail::reader in{raw};
  while (const auto taken = in.take_fixed<signature>())
    signatures.push_back(*taken);
  return signatures;
}

result<transaction, wire_error> parse_v1(byte_view data) {
  if (data.size() > max_transaction_v1_bytes)
    return failure{wire_error::too_large};
  auto prefix = detail::parse_message_prefix(data);
  if (!prefix)
    return failure{prefix.error()};
  const byte_view rest = data.subspan(prefix->size);
  const std::size_t expected = std::size_t{prefix->parsed.header.required_signatures} * signature::size;
  if (rest.size() != expected)
    return failure{rest.size() < expected ? wire_error::truncated : wire_error::trailing_bytes};
  return transaction{read_signatures(rest), std::move(prefix->parsed)};
}

result<transaction, wire_error> parse_legacy_or_v0(byte_view data) {
  if (data.size() > max_transaction_bytes)
    return failure{wire_error::too_large};
  const auto count = decode_short_length(data);
  if (!count)
    return failure{count.error()};
  detail::reader in{data.subspan(count->size)};
  const auto raw_signatures = in.take(std::size_t{count->value} * signature::size);
  if (!raw_signatures || in.rest().empty())
    return failure{wire_error::truncated};
  if (in.rest()[0] == detail::v1_prefix)
    return failure{wire_error::unsupported_version};
  auto body = parse_message(in.rest());
  if (!body)
    return failure{body.error()};
  if (body->header.required_signatures != count->value)
    return failure{wire_error::bad_signature_count};
  return transaction{read_signatures(*raw_signatures), *std::move(body)};
}

}  // namespace

signature transaction::id() const noexcept {
  return signatures.empty() ? signature{} : signatures.front();
}

transaction make_transaction(message body) {
  std::vector<signature> empty_slots(body.header.required_signatures);
  return transaction{std::move(empty_slots), std::move(body)};
}

bytes message_bytes(const transaction& tx) {
  return serialize(tx.body);
}

result<done, signing_error> sign(transaction& tx, const keypair& key) {
  const auto& keys = tx.body.static_keys;
  const auto found = std::find(keys.begin(), keys.end(), key.public_key());
  const auto slot = static_cast<std::size_t>(found - keys.begin());
  if (found == keys.end() || !tx.body.is_signer(slot))
    return failure{signing_error::not_a_signer};
  tx.signatures.resize(tx.body.header.required_signatures);
  tx.signatures[slot] = key.sign(message_bytes(tx));
  return done{};
}

result<done, bad_signature> verify_signatures(const transaction& tx) {
  const std::size_t required = tx.body.header.required_signatures;
  const bytes signed_bytes = message_bytes(tx);
  for (std::size_t slot = 0; slot < std::max(required, tx.signatures.size()); ++slot) {
    const bool present = slot < required && slot < tx.signatures.size() && slot < tx.body.static_keys.size();
    if (!present || !verify(tx.body.static_keys[slot], signed_bytes, tx.signatures[slot]))
      return failure{bad_signature{slot}};
  }
  return done{};
}

std::size_t serialized_size(const transaction& tx) {
  return size_with(tx, serialize(tx.body).size());
}

result<bytes, wire_error> serialize(const transaction& tx) {
  if (tx.signatures.size() != tx.body.header.required_signatures)
    return failure{wire_error::bad_signature_count};
  const bool is_v1 = tx.body.version == message_version::v1;
  const bytes body = serialize(tx.body);
  const std::size_t size = size_with(tx, body.size());
  if (size > (is_v1 ? max_transaction_v1_bytes : max_transaction_bytes))
    return failure{wire_error::too_large};

  bytes out;
  out.reserve(size);
  if (is_v1)
    detail::append_bytes(out, body);
  else
    append_short_length(out, static_cast<std::uint16_t>(tx.signatures.size()));
  for (const signature& sig : tx.signatures)
    detail::append_bytes(out, sig.view());
  if (!is_v1)
    detail::append_bytes(out, body);
  return out;
}

result<transaction, wire_error> parse_transaction(byte_view data) {
  if (data.empty())
    return failure{wire_error::truncated};
  if (data[0] == detail::v1_prefix)
    return parse_v1(data);
  // So many signatures would not fit; it is a version of the future, or no transaction at all.
  if (data[0] >= detail::versioned_flag)
    return failure{wire_error::unsupported_version};
  return parse_legacy_or_v0(data);
}

}  // namespace landfall::solana
