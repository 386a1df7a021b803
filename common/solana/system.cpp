#include "common/solana/system.hpp"

#include "common/solana/programs.hpp"
#include "common/solana/wire.hpp"

namespace landfall::solana::system {
namespace {

enum class tag : std::uint32_t {
  create_account = 0,
  transfer = 2,
  create_account_with_seed = 3,
  advance_nonce = 4,
  allocate_with_seed = 9,
  assign_with_seed = 10,
  transfer_with_seed = 11,
};

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

instruction create_account(const pubkey& from, const pubkey& created, std::uint64_t lamports, std::uint64_t space,
                           const pubkey& owner) {
  bytes data = data_of(tag::create_account);
  detail::append_int(data, lamports);
  detail::append_int(data, space);
  detail::append_bytes(data, owner.view());
  return {programs::system, {writable_signer(from), writable_signer(created)}, std::move(data)};
}

instruction create_account_with_seed(const pubkey& from, const pubkey& created, const pubkey& base,
                                     std::string_view seed, std::uint64_t lamports, std::uint64_t space,
                                     const pubkey& owner) {
  bytes data = data_of(tag::create_account_with_seed);
  detail::append_bytes(data, base.view());
  detail::append_string(data, seed);
  detail::append_int(data, lamports);
  detail::append_int(data, space);
  detail::append_bytes(data, owner.view());
  std::vector<account_meta> accounts{writable_signer(from), writable(created)};
  if (base != from)
    accounts.push_back(readonly_signer(base));
  return {programs::system, std::move(accounts), std::move(data)};
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

instruction assign_with_seed(const pubkey& account, const pubkey& base, std::string_view seed, const pubkey& owner) {
  bytes data = data_of(tag::assign_with_seed);
  detail::append_bytes(data, base.view());
  detail::append_string(data, seed);
  detail::append_bytes(data, owner.view());
  return {programs::system, {writable(account), readonly_signer(base)}, std::move(data)};
}

instruction transfer_with_seed(const pubkey& from, const pubkey& base, std::string_view seed, const pubkey& owner,
                               const pubkey& to, std::uint64_t lamports) {
  bytes data = data_of(tag::transfer_with_seed);
  detail::append_int(data, lamports);
  detail::append_string(data, seed);
  detail::append_bytes(data, owner.view());
  return {programs::system, {writable(from), readonly_signer(base), writable(to)}, std::move(data)};
}

instruction advance_nonce(const pubkey& nonce, const pubkey& authority) {
  return {programs::system,
          {writable(nonce), readonly(sysvars::recent_blockhashes), readonly_signer(authority)},
          data_of(tag::advance_nonce)};
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
