#include "executor-service/chain/rpc/parse.hpp"

#include <limits>
#include <utility>

#include "common/json/writer.hpp"
#include "common/solana/base64.hpp"

namespace landfall::executor {

using domain::failure;
using json::as_bool;
using json::as_string;
using json::as_u64;
using json::find;

namespace {

constexpr std::size_t max_log_lines = 1'024;

parsed<account_info> account_in(const json::value& v, std::size_t max_bytes) {
  const auto lamports = storable(find(v, "lamports"));
  const auto executable = as_bool(find(v, "executable"));
  const auto owner = key_in<solana::pubkey>(find(v, "owner"), "owner");
  const auto* data = find(v, "data");
  const auto text = as_string(json::at(data, 0));
  if (!lamports || !executable || !owner || json::elements(data).size() != 2 || !text ||
      as_string(json::at(data, 1)) != "base64")
    return bad("an account is malformed");
  auto bytes = solana::base64_decode(*text, max_bytes);
  if (!bytes)
    return bad("an account's data is too large or not base64");
  if (const auto* space = find(v, "space"); space != nullptr && as_u64(space) != bytes->size())
    return bad("an account's data has another length than its space");
  return account_info{*lamports, *owner, std::move(bytes).value(), *executable};
}

parsed<std::vector<std::optional<account_info>>> accounts_in(const json::value* list, std::size_t count,
                                                             std::size_t max_bytes) {
  const auto items = json::elements(list);
  if (!json::is(list, json::kind::array) || items.size() != count)
    return bad("not as many accounts as asked for");
  std::vector<std::optional<account_info>> accounts;
  accounts.reserve(count);
  for (const auto& item : items) {
    if (json::is_null(&item)) {
      accounts.emplace_back();
      continue;
    }
    auto account = account_in(item, max_bytes);
    if (!account)
      return failure{account.error()};
    accounts.emplace_back(std::move(account).value());
  }
  return accounts;
}

std::optional<commitment> commitment_in(const json::value* v) {
  const auto text = as_string(v);
  for (const auto c : {commitment::processed, commitment::confirmed, commitment::finalized})
    if (text == to_string(c))
      return c;
  return std::nullopt;
}

parsed<status_view> read_status(const json::value& v, std::uint64_t at_slot) {
  const auto slot = storable_in(&v, "slot");
  if (!slot)
    return failure{slot.error()};
  if (*slot > at_slot)
    return bad("a status from after the bank that was asked");
  const auto level = commitment_in(find(v, "confirmationStatus"));
  if (!level)
    return bad("confirmationStatus is missing or unknown");
  auto err = err_in(&v);
  if (!err)
    return failure{err.error()};
  return status_view{*slot, *level, std::move(err).value()};
}

}  // namespace

std::string text_of(const json::value& v) {
  json::writer w;
  w.value(v);
  return w.take();
}

std::optional<std::uint64_t> storable(const json::value* v) {
  const auto number = as_u64(v);
  return number && *number <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()) ? number
                                                                                                   : std::nullopt;
}

parsed<std::uint64_t> storable_in(const json::value* v, const char* name) {
  if (const auto number = storable(find(v, name)))
    return *number;
  return bad(std::string{name} + " is missing or too large");
}

parsed<std::uint64_t> context_slot(const json::value& result) {
  return storable_in(find(result, "context"), "slot");
}

parsed<std::optional<std::string>> err_in(const json::value* object) {
  const auto* err = find(object, "err");
  // An absent field proves nothing, and must not be taken for success.
  if (err == nullptr)
    return bad("err is missing");
  if (json::is_null(err))
    return std::optional<std::string>{};
  if (!json::is(err, json::kind::string) && !json::is(err, json::kind::object))
    return bad("err is of no known form");
  return std::optional{text_of(*err)};
}

parsed<epoch_view> read_epoch_info(const json::value& result) {
  const auto slot = storable(find(result, "absoluteSlot"));
  const auto height = storable(find(result, "blockHeight"));
  if (!slot || !height)
    return bad("slot or height is missing or too large");
  // Skipped slots have no height.
  if (*height > *slot)
    return bad("the height is above the slot");
  return epoch_view{*slot, *height};
}

parsed<latest_blockhash_view> read_latest_blockhash(const json::value& result) {
  const auto slot = context_slot(result);
  const auto* value = find(result, "value");
  const auto hash = key_in<solana::blockhash>(find(value, "blockhash"), "blockhash");
  const auto height = storable_in(value, "lastValidBlockHeight");
  if (!slot)
    return failure{slot.error()};
  if (!hash)
    return failure{hash.error()};
  if (!height)
    return failure{height.error()};
  if (hash->is_zero())
    return bad("the blockhash is zero");
  return latest_blockhash_view{*slot, *hash, *height};
}

parsed<simulation> read_simulation(const json::value& result, std::size_t accounts_asked, std::size_t max_bytes) {
  const auto slot = context_slot(result);
  if (!slot)
    return failure{slot.error()};
  const auto* value = find(result, "value");
  auto err = err_in(value);
  if (!err)
    return failure{err.error()};
  simulation s;
  s.context_slot = *slot;
  s.err = std::move(err).value();
  if (const auto* units = find(value, "unitsConsumed"); !json::is_null(units)) {
    s.units_consumed = as_u64(units);
    if (!s.units_consumed)
      return bad("unitsConsumed is not a number");
  }
  const auto* logs = find(value, "logs");
  if (!json::is_null(logs) && !json::is(logs, json::kind::array))
    return bad("logs are not a list");
  for (const auto& line : json::elements(logs)) {
    const auto text = as_string(&line);
    if (!text || s.logs.size() == max_log_lines)
      return bad("logs are malformed or too long");
    s.logs.emplace_back(*text);
  }
  const auto* accounts = find(value, "accounts");
  if (json::is_null(accounts) && (accounts_asked == 0 || s.err))
    return s;
  auto read = accounts_in(accounts, accounts_asked, max_bytes);
  if (!read)
    return failure{read.error()};
  s.accounts = std::move(read).value();
  return s;
}

parsed<statuses_view> read_statuses(const json::value& result, std::size_t asked) {
  const auto slot = context_slot(result);
  if (!slot)
    return failure{slot.error()};
  const auto* value = find(result, "value");
  if (!json::is(value, json::kind::array) || json::elements(value).size() != asked)
    return bad("not as many statuses as asked for");
  statuses_view view;
  view.context_slot = *slot;
  view.statuses.reserve(asked);
  for (const auto& item : json::elements(value)) {
    if (json::is_null(&item)) {
      view.statuses.emplace_back();
      continue;
    }
    auto status = read_status(item, *slot);
    if (!status)
      return failure{status.error()};
    view.statuses.emplace_back(std::move(status).value());
  }
  return view;
}

parsed<std::vector<address_signature_view>> read_address_signatures(const json::value& result) {
  if (!json::is(&result, json::kind::array) || json::elements(&result).size() > max_address_signatures_per_call)
    return bad("not a list of signatures, or too many of them");
  std::vector<address_signature_view> list;
  for (const auto& item : json::elements(&result)) {
    auto id = key_in<solana::signature>(find(item, "signature"), "a signature");
    if (!id)
      return failure{id.error()};
    auto status = read_status(item, std::numeric_limits<std::uint64_t>::max());
    if (!status)
      return failure{status.error()};
    if (!list.empty() && status->slot > list.back().status.slot)
      return bad("signatures that are not sorted by slot");
    list.push_back({*id, std::move(status).value()});
  }
  return list;
}

parsed<accounts_view> read_accounts(const json::value& result, std::size_t asked, std::size_t max_bytes) {
  const auto slot = context_slot(result);
  if (!slot)
    return failure{slot.error()};
  auto accounts = accounts_in(find(result, "value"), asked, max_bytes);
  if (!accounts)
    return failure{accounts.error()};
  return accounts_view{*slot, std::move(accounts).value()};
}

parsed<std::vector<priority_fee_sample>> read_fees(const json::value& result) {
  constexpr std::size_t max_samples = 1'024;
  if (!json::is(&result, json::kind::array) || json::elements(&result).size() > max_samples)
    return bad("not a list of samples");
  std::vector<priority_fee_sample> samples;
  for (const auto& item : json::elements(&result)) {
    const auto slot = storable(find(item, "slot"));
    const auto fee = storable(find(item, "prioritizationFee"));
    if (!slot || !fee)
      return bad("a sample is malformed");
    samples.push_back({*slot, *fee});
  }
  return samples;
}

parsed<blockhash_validity> read_validity(const json::value& result) {
  const auto slot = context_slot(result);
  const auto valid = as_bool(find(result, "value"));
  if (!slot || !valid)
    return bad("no slot or no validity");
  return blockhash_validity{*slot, *valid};
}

}  // namespace landfall::executor
