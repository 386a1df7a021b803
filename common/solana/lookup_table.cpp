#include "common/solana/lookup_table.hpp"

#include <algorithm>
#include <limits>

#include "common/solana/wire.hpp"

namespace landfall::solana {
namespace {

constexpr std::size_t metadata_bytes = 56;
constexpr std::size_t max_addresses = 256;
constexpr std::uint32_t uninitialized_kind = 0;
constexpr std::uint32_t table_kind = 1;
constexpr std::uint64_t never = std::numeric_limits<std::uint64_t>::max();

}  // namespace

address_lookup_table lookup_table_account::usable_at(const pubkey& key, std::uint64_t slot) const {
  address_lookup_table out{key, {}};
  if (deactivation_slot)
    return out;
  const std::size_t count =
      slot > last_extended_slot ? addresses.size() : std::min<std::size_t>(last_extended_start, addresses.size());
  out.addresses.assign(addresses.begin(), addresses.begin() + static_cast<std::ptrdiff_t>(count));
  return out;
}

domain::result<lookup_table_account, account_error> decode_lookup_table(byte_view data) {
  if (data.size() < metadata_bytes)
    return domain::failure{account_error::wrong_size};
  detail::reader metadata{data.first(metadata_bytes)};
  const std::uint32_t kind = *metadata.take_int<std::uint32_t>();
  const std::uint64_t deactivation_slot = *metadata.take_int<std::uint64_t>();
  lookup_table_account out;
  out.last_extended_slot = *metadata.take_int<std::uint64_t>();
  out.last_extended_start = *metadata.take_int<std::uint8_t>();
  const std::uint8_t has_authority = *metadata.take_int<std::uint8_t>();
  const pubkey authority = *metadata.take_fixed<pubkey>();
  if (kind == uninitialized_kind)
    return domain::failure{account_error::uninitialized};
  if (kind != table_kind || has_authority > 1)
    return domain::failure{account_error::wrong_kind};
  if (deactivation_slot != never)
    out.deactivation_slot = deactivation_slot;
  if (has_authority == 1)
    out.authority = authority;

  detail::reader list{data.subspan(metadata_bytes)};
  if (list.rest().size() % pubkey::size != 0 || list.rest().size() / pubkey::size > max_addresses)
    return domain::failure{account_error::wrong_size};
  out.addresses.reserve(list.rest().size() / pubkey::size);
  while (const auto address = list.take_fixed<pubkey>())
    out.addresses.push_back(*address);
  return out;
}

}  // namespace landfall::solana
