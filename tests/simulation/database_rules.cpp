#include <algorithm>
#include <charconv>
#include <string>

#include "tests/simulation/database.hpp"

namespace landfall::simulation {

using domain::order_state;
using domain::role;
using executor::attempt;
using executor::attempt_kind;
using executor::attempt_outcome;

namespace {

/// The number that follows `"key":`, quoted or not, from `from` on; moves `from` behind it.
std::optional<std::uint64_t> number_after(std::string_view json, std::string_view key, std::size_t& from) {
  const auto wanted = '"' + std::string{key} + "\":";
  auto at = json.find(wanted, from);
  if (at == std::string_view::npos)
    return std::nullopt;
  at += wanted.size();
  if (at < json.size() && json[at] == '"')
    ++at;
  std::uint64_t out = 0;
  const auto [end, error] = std::from_chars(json.data() + at, json.data() + json.size(), out);
  if (error != std::errc{})
    return std::nullopt;
  from = static_cast<std::size_t>(end - json.data());
  return out;
}

bool follows(std::string_view json, std::size_t& from, std::string_view text) {
  if (json.substr(from, text.size()) != text)
    return false;
  from += text.size();
  return true;
}

}  // namespace

std::string_view certificate_fault(const attempt& dead, std::string_view certificate) {
  std::size_t at = 0;
  const bool by_history = dead.maker.has_value();
  if (!follows(certificate, at, by_history ? R"({"rule":"finalized_history",)" : R"({"rule":"finalized_height",)"))
    return "its rule is not the one for this attempt";
  const auto last_valid = number_after(certificate, "last_valid_block_height", at);
  if (last_valid != dead.last_valid_block_height)
    return "its last_valid_block_height is not the attempt's";
  const auto configured = number_after(certificate, "endpoints_configured", at);
  if (!configured || *configured < 1)
    return "no endpoint is configured";
  if (!follows(certificate, at, R"(,"observations":[)"))
    return "observations are missing";
  std::vector<std::string_view> endpoints;
  std::uint64_t lowest_slot = 0;
  while (certificate.substr(at, 1) != "]") {
    if (certificate.substr(at, 1) == ",")
      ++at;
    if (!follows(certificate, at, R"({"endpoint":")"))
      return "an observation names no endpoint";
    const auto end = certificate.find('"', at);
    const auto name = certificate.substr(at, end - at);
    at = end;
    const auto height = number_after(certificate, "finalized_block_height", at);
    const auto slot = number_after(certificate, "finalized_slot", at);
    const auto context = number_after(certificate, "status_context_slot", at);
    if (!height || !slot || !context)
      return "heights and slots are missing";
    if (*height < *last_valid + 2)
      return "the finalized height is below the last valid one + 2";
    if (*context < *slot)
      return "the status is older than the height";
    if (!follows(certificate, at, R"(,"status":null,"searched_history":true)"))
      return "the status is not a searched null";
    if (by_history) {
      const auto balance = number_after(certificate, "balance", at);
      follows(certificate, at, "\"");
      const auto balance_slot = number_after(certificate, "balance_slot", at);
      if (!balance || !balance_slot)
        return "its own read of the order account is missing";
      if (*balance_slot < *slot)
        return "it read the order account too early";
      if (*balance < dead.order_account_balance->units())
        return "the order account holds less than before the attempt";
    }
    if (!follows(certificate, at, "}"))
      return "an observation that does not end";
    if (std::find(endpoints.begin(), endpoints.end(), name) == endpoints.end())
      endpoints.push_back(name);
    lowest_slot = lowest_slot == 0 ? *slot : std::min(lowest_slot, *slot);
  }
  if (endpoints.size() < std::min<std::size_t>(2, *configured))
    return "too few endpoints answered for themselves";
  const auto balance = number_after(certificate, "balance", at);
  const auto slot = number_after(certificate, "slot", at);
  if (!balance || !slot)
    return "the order account was not read";
  if (*slot < lowest_slot)
    return "the order account was read too early";
  if (dead.kind != attempt_kind::deposit && dead.order_account_balance &&
      *balance < dead.order_account_balance->units())
    return "the order account holds less than before the attempt";
  return {};
}

std::string_view missing_precondition(const stored_order& o, order_state to, role by, instant now) {
  const auto& row = o.row;
  const auto any = [&](auto&& wanted) { return std::any_of(row.attempts.begin(), row.attempts.end(), wanted); };
  const auto seen_landed = [](const attempt* a) {
    return a != nullptr && (a->outcome == attempt_outcome::landed || (!a->outcome && a->confirmed_slot));
  };
  const auto* deposit = row.latest(attempt_kind::deposit);
  const bool deposit_came_to_nothing =
      deposit != nullptr && deposit->outcome && deposit->outcome != attempt_outcome::landed;
  const auto* swap = row.latest(attempt_kind::swap);
  const auto* payout = row.latest(attempt_kind::payout);
  const auto refunded = [&] {
    return any([](const attempt& a) { return a.kind == attempt_kind::refund && a.outcome == attempt_outcome::landed; });
  };
  // Orders of a pair are not simulated: there is no sibling that could have filled.
  if (to == order_state::oco_cancelled)
    return "its sibling has not filled";
  switch (row.state) {
    case order_state::pending_deposit:
      if (to == order_state::depositing)
        return deposit != nullptr ? "" : "no signed deposit is stored";
      return deposit == nullptr ? "" : "a signed deposit is stored";
    case order_state::depositing:
      if (to == order_state::open)
        return seen_landed(deposit) ? "" : "no deposit has landed";
      return deposit_came_to_nothing ? "" : "the deposit is not proven to have failed";
    case order_state::open:
      return to != order_state::ready_expire || now >= domain::unix_ms(row.expires_at) ? "" : "it has not expired";
    case order_state::executing:
      if (to == order_state::execute_success)
        return seen_landed(swap) ? "" : "its last swap attempt is not seen landed";
      if (row.unresolved() != nullptr)
        return "an attempt on its account is unresolved";
      return any([](const attempt& a) { return a.kind == attempt_kind::swap && a.outcome == attempt_outcome::landed; })
                 ? "a swap of it landed"
                 : "";
    case order_state::execute_success:
      if (to == order_state::executing)
        return swap != nullptr && !swap->outcome ? "" : "its last swap attempt is not open";
      return swap != nullptr && swap->outcome == attempt_outcome::landed ? "" : "its last swap is not finalized";
    case order_state::ready_withdraw_output:
    case order_state::withdraw_failed:
      return any([](const attempt& a) { return a.kind == attempt_kind::payout && !a.outcome; })
                 ? ""
                 : "no unresolved payout attempt is stored";
    case order_state::withdrawing:
      if (to == order_state::fill_success)
        return payout != nullptr && payout->outcome == attempt_outcome::landed ? "" : "no payout of it landed";
      return payout != nullptr && payout->outcome && payout->outcome != attempt_outcome::landed
                 ? ""
                 : "its last payout attempt is not proven to have failed";
    case order_state::ready_expire:
      return refunded() || deposit_came_to_nothing ? "" : "no refund has landed";
    case order_state::ready_to_cancel:
      return refunded() ? "" : "no refund has landed";
    case order_state::expired:
      return refunded() ? "its refund has landed" : "";
    case order_state::execute_failed:
      return by == role::executor && to == order_state::ready_to_cancel && !row.cancel_requested
                 ? "nobody asked for a cancel"
                 : "";
    default:
      return {};
  }
}

}  // namespace landfall::simulation
