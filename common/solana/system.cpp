#include "common/solana/system.hpp"

#include "common/solana/programs.hpp"
#include "common/solana/wire.hpp"

namespace landfall::solana::system {
namespace {

enum class tag : std::uint32_t { transfer = 2, allocate_with_seed = 9 };

bytes data_of(tag t) {
  bytes data;
  detail::append_int(data, static_cast<std::uint32_t>(t));
  return data;
}

}  // namespace

instruction transfer(const pubkey& from, const pubkey& to, std::uint64_t lamports) {
  bytes data = data_of(tag::transfer);
  detail::append_int(data, lamports);
  return {programs::system, {writable_signer(from), writable(to)}, std::move(data)};
}

instruction allocate_with_seed(const pubkey& account, const pubkey& base, std::string_view seed, std::uint64_t space,
                               const pubkey& owner) {
  bytes data = data_of(tag::allocate_with_seed);
  detail::append_bytes(data, base.view());
  detail::append_string(data, seed);
  detail::append_int(data, space);
  detail::append_bytes(data, owner.view());
  return {programs::system, {writable(account), readonly_signer(base)}, std::move(data)};
}

std::optional<transfer_args> decode_transfer(const instruction& i) {
  if (i.program_id != programs::system || i.accounts.size() < 2)
    return std::nullopt;
  detail::reader in{i.data};
  const auto t = in.take_int<std::uint32_t>();
  const auto lamports = in.take_int<std::uint64_t>();
  if (!lamports || !in.rest().empty() || *t != static_cast<std::uint32_t>(tag::transfer))
    return std::nullopt;
  return transfer_args{i.accounts[0].key, i.accounts[1].key, *lamports};
}

}  // namespace landfall::solana::system
