#include "common/solana/compute_budget.hpp"

#include <concepts>

#include "common/solana/programs.hpp"
#include "common/solana/wire.hpp"

namespace landfall::solana::compute_budget {
namespace {

constexpr std::uint8_t unit_limit_tag = 2;
constexpr std::uint8_t unit_price_tag = 3;

template <std::unsigned_integral T>
instruction make(std::uint8_t tag, T value) {
  bytes data{tag};
  detail::append_int(data, value);
  return {programs::compute_budget, {}, std::move(data)};
}

template <std::unsigned_integral T>
std::optional<T> decode(const instruction& i, std::uint8_t tag) {
  detail::reader in{i.data};
  if (i.program_id != programs::compute_budget || in.take_int<std::uint8_t>() != tag || in.rest().size() != sizeof(T))
    return std::nullopt;
  return in.take_int<T>();
}

}  // namespace

instruction set_unit_limit(std::uint32_t units) {
  return make(unit_limit_tag, units);
}

instruction set_unit_price(std::uint64_t micro_lamports_per_unit) {
  return make(unit_price_tag, micro_lamports_per_unit);
}

std::optional<std::uint32_t> decode_unit_limit(const instruction& i) {
  return decode<std::uint32_t>(i, unit_limit_tag);
}

std::optional<std::uint64_t> decode_unit_price(const instruction& i) {
  return decode<std::uint64_t>(i, unit_price_tag);
}

}  // namespace landfall::solana::compute_budget
