#pragma once

#include <cstdint>
#include <optional>

#include "common/solana/instruction.hpp"

/// Instructions of the Compute Budget program, at most one of each in a transaction.
namespace landfall::solana::compute_budget {

/// The most compute units that the whole transaction may use.
[[nodiscard]] instruction set_unit_limit(std::uint32_t units);

/// The priority fee is ⌈limit × price / 1 000 000⌉ lamports, whatever the transaction uses.
[[nodiscard]] instruction set_unit_price(std::uint64_t micro_lamports_per_unit);

/// Units.
[[nodiscard]] std::optional<std::uint32_t> decode_unit_limit(const instruction& i);

/// Micro-lamports per unit.
[[nodiscard]] std::optional<std::uint64_t> decode_unit_price(const instruction& i);

}  // namespace landfall::solana::compute_budget
