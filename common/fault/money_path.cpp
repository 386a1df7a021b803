#include "common/fault/money_path.hpp"

#include <algorithm>

namespace landfall::fault {

namespace {

constexpr std::string_view signed_kinds = "swap payout refund close";
constexpr std::string_view all_kinds = "deposit swap payout refund close";

constexpr auto table = std::to_array<money_path_row>({
    {effect::deposit_stored, "deposit_stored", "api", "", "deposit"},
    {effect::deposit_sent, "deposit_sent", "api", "", "deposit", false},
    {effect::deposit_sent_again, "deposit_sent_again", "api", "", "deposit", false},
    {effect::deposit_send_noted, "deposit_send_noted", "api", "", "deposit"},
    {effect::deposit_statuses_read, "deposit_statuses_read", "api", "", "deposit"},
    {effect::deposit_account_read, "deposit_account_read", "api", "", "deposit"},
    {effect::deposit_opened, "deposit_opened", "api", "", "deposit"},
    {effect::decision_commit, "decision_commit", "trigger", "ready_execute ready_expire", ""},
    {effect::claim, "claim", "executor", "", "deposit fill refund"},
    {effect::lease_renewal, "lease_renewal", "executor", "", "deposit fill payout refund"},
    {effect::deposit_check, "deposit_check", "executor", "", "deposit"},
    {effect::build, "build", "executor", signed_kinds, ""},
    {effect::broadcast, "broadcast", "executor", "deposit swap:fill payout refund close", "", false},
    {effect::rebroadcast, "rebroadcast", "executor", "deposit swap:fill payout refund close", "", false},
    {effect::fee_read, "fee_read", "executor", "deposit swap:fill payout refund close", ""},
    {effect::balance_read, "balance_read", "executor", "swap:retry payout:retry refund:retry close:retry", ""},
    {effect::swap_read, "swap_read", "executor", "", "fill rfq"},
    {effect::accounts_read, "accounts_read", "executor", signed_kinds, ""},
    {effect::route, "route", "executor", "", "fill rfq"},
    {effect::rent_read, "rent_read", "executor", "", "fill rfq"},
    {effect::lookup_tables_read, "lookup_tables_read", "executor", "", "fill"},
    {effect::priority_fee_read, "priority_fee_read", "executor", signed_kinds, ""},
    {effect::blockhash_read, "blockhash_read", "executor", signed_kinds, ""},
    {effect::simulation, "simulation", "executor", signed_kinds, ""},
    {effect::signature, "signature", "executor", signed_kinds, ""},
    {effect::maker_offers, "maker_offers", "executor", "", "rfq"},
    {effect::handed_over, "handed_over", "executor", "", "rfq", false},
    {effect::handed_over_again, "handed_over_again", "executor", "", "rfq", false},
    {effect::maker_quote, "maker_quote", "executor", "", "rfq"},
    {effect::maker_swap, "maker_swap", "executor", "", "rfq"},
    {effect::history_read, "history_read", "executor", "", "rfq"},
    {effect::router_quote, "router_quote", "executor", "", "fill rfq"},
    {effect::router_instructions, "router_instructions", "executor", "", "fill rfq"},
    {effect::rpc_send, "rpc_send", "executor", "", "deposit fill payout refund"},
    {effect::rpc_statuses, "rpc_statuses", "executor", "", "deposit fill payout refund"},
    {effect::commit_attempt, "commit_attempt", "executor", signed_kinds, ""},
    {effect::commit_confirmation, "commit_confirmation", "executor", all_kinds, ""},
    {effect::commit_outcome, "commit_outcome", "executor",
     "deposit swap:fill+rfq+retry payout:payout+retry refund:refund+retry close:payout+refund+retry", ""},
    {effect::commit_move, "commit_move", "executor",
     "open executing ready_withdraw_output fill_success expired ready_execute:retry", ""},
    {effect::commit_release, "commit_release", "executor", "", "deposit"},
    {effect::commit_broadcast_note, "commit_broadcast_note", "executor", all_kinds, ""},
});

constexpr bool in_order() {
  for (std::size_t i = 0; i < table.size(); ++i)
    if (static_cast<std::size_t>(table[i].what) != i)
      return false;
  return true;
}
static_assert(in_order() && table.back().what == effect::commit_broadcast_note, "a row for each effect, in its order");

std::vector<std::string_view> words(std::string_view text, char between = ' ') {
  std::vector<std::string_view> out;
  while (!text.empty()) {
    const auto end = std::min(text.find(between), text.size());
    if (end > 0)
      out.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

/// The flows that what is of this kind lies on.
std::string_view flows_of_kind(std::string_view kind) {
  if (kind == "deposit" || kind == "open")
    return "deposit";
  if (kind == "swap" || kind == "executing" || kind == "ready_withdraw_output")
    return "fill rfq";
  if (kind == "ready_execute")
    return "fill";
  if (kind == "payout" || kind == "fill_success")
    return "payout";
  if (kind == "refund" || kind == "expired" || kind == "ready_expire")
    return "refund";
  return "payout refund";
}

}  // namespace

std::span<const money_path_row> money_path() {
  return table;
}

std::vector<money_path_point> money_path_points() {
  std::vector<money_path_point> points;
  for (const auto& row : table) {
    auto kinds = words(row.kinds);
    if (kinds.empty())
      kinds.emplace_back();
    for (const auto entry : kinds) {
      const auto kind = entry.substr(0, entry.find(':'));
      const auto flows = entry.size() > kind.size() ? words(entry.substr(kind.size() + 1), '+')
                         : row.flows.empty()        ? words(flows_of_kind(kind))
                                                    : words(row.flows);
      const auto base = std::string{row.name} + (kind.empty() ? "" : ".") + std::string{kind};
      points.push_back({base + ".before", {row.what, kind}, row.role, flows, true});
      points.push_back({base + ".after", {row.what, kind}, row.role, flows, row.answers});
    }
  }
  return points;
}

}  // namespace landfall::fault
