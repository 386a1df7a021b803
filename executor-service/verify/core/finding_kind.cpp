#include "executor-service/verify/core/finding_kind.hpp"

#include <algorithm>
#include <array>

#include "common/domain/result.hpp"

namespace landfall::executor::verify {

namespace {

constexpr std::array<std::string_view, finding_kind_count> kind_names{
    "order_account_short",
    "order_account_not_emptied",
    "output_account_short",
    "output_account_not_emptied",
    "deposit_arrived_after_failure",
    "double_swap",
    "double_payout",
    "double_refund",
    "swap_and_refund",
    "fill_record_differs",
    "landed_not_found",
    "landed_but_failed",
    "landed_slot_differs",
    "failed_but_landed",
    "dead_but_landed",
    "dead_but_failed",
    "moved_too_little",
    "neither_landed_nor_dead",
    "deposit_without_order",
    "sum_short",
};

}  // namespace

std::string_view to_string(finding_kind kind) {
  return kind_names[static_cast<std::size_t>(kind)];
}

std::optional<finding_kind> parse_finding_kind(std::string_view name) {
  const auto at = std::find(kind_names.begin(), kind_names.end(), name);
  if (at == kind_names.end())
    return std::nullopt;
  return static_cast<finding_kind>(at - kind_names.begin());
}

bool touches_money(finding_kind kind, bool is_final) {
  switch (kind) {
    case finding_kind::order_account_not_emptied:
    case finding_kind::output_account_not_emptied:
      return is_final;
    case finding_kind::fill_record_differs:
    case finding_kind::landed_slot_differs:
    case finding_kind::dead_but_failed:
      return false;
    case finding_kind::order_account_short:
    case finding_kind::output_account_short:
    case finding_kind::deposit_arrived_after_failure:
    case finding_kind::double_swap:
    case finding_kind::double_payout:
    case finding_kind::double_refund:
    case finding_kind::swap_and_refund:
    case finding_kind::landed_not_found:
    case finding_kind::landed_but_failed:
    case finding_kind::failed_but_landed:
    case finding_kind::dead_but_landed:
    case finding_kind::moved_too_little:
    case finding_kind::neither_landed_nor_dead:
    case finding_kind::deposit_without_order:
    case finding_kind::sum_short:
      return true;
  }
  domain::broken_invariant("finding kind outside its enumeration");
}

bool rests_on_unknown(finding_kind kind) {
  return kind == finding_kind::landed_not_found || kind == finding_kind::neither_landed_nor_dead;
}

}  // namespace landfall::executor::verify
