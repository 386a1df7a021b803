#include "common/solana/token.hpp"

#include <algorithm>

#include "common/solana/wire.hpp"

namespace landfall::solana::token {
namespace {

using domain::failure;
using domain::result;

enum class tag : std::uint8_t {
  transfer = 3,
  close_account = 9,
  transfer_checked = 12,
  initialize_account3 = 18,
};

/// Token-2022 puts this byte behind the 165 bytes of an account, and pads its mints to there.
enum class account_type : std::uint8_t { mint = 1, account = 2 };

/// No account or mint of Token-2022 has this length, so that it cannot be taken for a multisig.
constexpr std::size_t multisig_bytes = 355;

bytes data_of(tag t) {
  return {static_cast<std::uint8_t>(t)};
}

bytes data_of(tag t, std::uint64_t amount) {
  bytes data = data_of(t);
  detail::append_int(data, amount);
  return data;
}

bool is_token_instruction(const instruction& i, std::size_t accounts) noexcept {
  return (i.program_id == programs::token || i.program_id == programs::token_2022) && i.accounts.size() >= accounts;
}

/// What `data` holds behind the tag `t`; nothing if it opens with another tag or is not exactly `size` bytes behind it.
std::optional<detail::reader> arguments_of(const instruction& i, tag t, std::size_t size) {
  detail::reader in{i.data};
  if (in.take_int<std::uint8_t>() != static_cast<std::uint8_t>(t) || in.rest().size() != size)
    return std::nullopt;
  return in;
}

/// A `COption`: u32 0 or 1, then the value, whether it counts or not. The outer optional is empty if that is broken.
template <class Read>
auto take_option(detail::reader& in, Read read) -> std::optional<decltype(read(in))> {
  const auto present = in.take_int<std::uint32_t>();
  auto value = read(in);
  if (!present || !value || *present > 1)
    return std::nullopt;
  if (*present == 0)
    value.reset();
  return value;
}

std::optional<pubkey> take_key(detail::reader& in) {
  return in.take_fixed<pubkey>();
}

std::optional<std::uint64_t> take_amount(detail::reader& in) {
  return in.take_int<std::uint64_t>();
}

/// Checks size and kind of the whole, and reads the types of the extensions.
result<std::vector<std::uint16_t>, account_error> read_extensions(byte_view data, std::size_t base_size,
                                                                  account_type type) {
  std::vector<std::uint16_t> types;
  if (data.size() == base_size)
    return types;
  if (data.size() <= account_bytes || data.size() == multisig_bytes)
    return failure{account_error::wrong_size};
  const byte_view padding = data.subspan(base_size, account_bytes - base_size);
  const bool is_padded = std::all_of(padding.begin(), padding.end(), [](std::uint8_t byte) { return byte == 0; });
  if (!is_padded || data[account_bytes] != static_cast<std::uint8_t>(type))
    return failure{account_error::wrong_kind};

  detail::reader in{data.subspan(account_bytes + 1)};
  while (in.rest().size() >= sizeof(std::uint16_t)) {
    const auto extension = in.take_int<std::uint16_t>();
    if (*extension == 0)  // the rest is unused
      break;
    const auto length = in.take_int<std::uint16_t>();
    if (!length || !in.take(*length))
      return failure{account_error::wrong_kind};
    types.push_back(*extension);
  }
  return types;
}

}  // namespace

instruction initialize_account3(const pubkey& account, const pubkey& mint, const pubkey& owner, const pubkey& program) {
  bytes data = data_of(tag::initialize_account3);
  detail::append_bytes(data, owner.view());
  return {program, {writable(account), readonly(mint)}, std::move(data)};
}

instruction transfer(const pubkey& source, const pubkey& destination, const pubkey& owner, std::uint64_t amount,
                     const pubkey& program) {
  return {program, {writable(source), writable(destination), readonly_signer(owner)}, data_of(tag::transfer, amount)};
}

instruction transfer_checked(const pubkey& source, const pubkey& mint, const pubkey& destination, const pubkey& owner,
                             std::uint64_t amount, std::uint8_t decimals, const pubkey& program) {
  bytes data = data_of(tag::transfer_checked, amount);
  data.push_back(decimals);
  return {program, {writable(source), readonly(mint), writable(destination), readonly_signer(owner)}, std::move(data)};
}

instruction close_account(const pubkey& account, const pubkey& destination, const pubkey& owner,
                          const pubkey& program) {
  return {program, {writable(account), writable(destination), readonly_signer(owner)}, data_of(tag::close_account)};
}

std::optional<transfer_args> decode_transfer(const instruction& i) {
  auto in = arguments_of(i, tag::transfer, 8);
  if (!in || !is_token_instruction(i, 3))
    return std::nullopt;
  return transfer_args{i.program_id, i.accounts[0].key, i.accounts[1].key, i.accounts[2].key, *take_amount(*in)};
}

std::optional<transfer_checked_args> decode_transfer_checked(const instruction& i) {
  auto in = arguments_of(i, tag::transfer_checked, 9);
  if (!in || !is_token_instruction(i, 4))
    return std::nullopt;
  const std::uint64_t amount = *take_amount(*in);
  return transfer_checked_args{i.program_id, i.accounts[0].key, i.accounts[1].key, i.accounts[2].key, i.accounts[3].key,
                               amount,       in->rest()[0]};
}

result<token_account, account_error> decode_account(byte_view data) {
  auto extensions = read_extensions(data, account_bytes, account_type::account);
  if (!extensions)
    return failure{extensions.error()};
  detail::reader in{data.first(account_bytes)};
  token_account out;
  out.mint = *take_key(in);
  out.owner = *take_key(in);
  out.amount = *take_amount(in);
  const auto delegate = take_option(in, take_key);
  const std::uint8_t state = *in.take_int<std::uint8_t>();
  const auto native = take_option(in, take_amount);
  out.delegated_amount = *take_amount(in);
  const auto close_authority = take_option(in, take_key);
  if (state == 0)
    return failure{account_error::uninitialized};
  if (!delegate || !native || !close_authority || state > static_cast<std::uint8_t>(account_state::frozen))
    return failure{account_error::wrong_kind};
  out.delegate = *delegate;
  out.state = static_cast<account_state>(state);
  out.native_reserve_lamports = *native;
  out.close_authority = *close_authority;
  out.extensions = *std::move(extensions);
  return out;
}

result<mint_account, account_error> decode_mint(byte_view data) {
  auto extensions = read_extensions(data, mint_bytes, account_type::mint);
  if (!extensions)
    return failure{extensions.error()};
  detail::reader in{data.first(mint_bytes)};
  mint_account out;
  const auto mint_authority = take_option(in, take_key);
  out.supply = *take_amount(in);
  out.decimals = *in.take_int<std::uint8_t>();
  const std::uint8_t initialized = *in.take_int<std::uint8_t>();
  const auto freeze_authority = take_option(in, take_key);
  if (initialized == 0)
    return failure{account_error::uninitialized};
  if (!mint_authority || !freeze_authority || initialized > 1)
    return failure{account_error::wrong_kind};
  out.mint_authority = *mint_authority;
  out.freeze_authority = *freeze_authority;
  out.extensions = *std::move(extensions);
  return out;
}

}  // namespace landfall::solana::token
