#include "executor-service/chain/rpc/parse.hpp"

#include <utility>

#include "common/solana/base64.hpp"
#include "common/solana/transaction.hpp"

namespace landfall::executor {

using domain::failure;
using json::as_i64;
using json::as_string;
using json::as_u64;
using json::find;

namespace {

constexpr std::size_t max_keys = 256;

parsed<std::vector<std::uint64_t>> balances_in(const json::value* list, std::size_t count) {
  std::vector<std::uint64_t> balances;
  for (const auto& item : json::elements(list)) {
    const auto lamports = storable(&item);
    if (!lamports)
      return bad("a balance is not a number, or too large");
    balances.push_back(*lamports);
  }
  if (!json::is(list, json::kind::array) || balances.size() != count)
    return bad("not one balance for each account");
  return balances;
}

parsed<std::vector<token_balance_entry>> token_balances_in(const json::value* list,
                                                           const std::vector<solana::pubkey>& keys) {
  std::vector<token_balance_entry> balances;
  // Old records have null instead of an empty list.
  if (!json::is_null(list) && !json::is(list, json::kind::array))
    return bad("token balances are not a list");
  std::vector<bool> taken(keys.size(), false);
  for (const auto& item : json::elements(list)) {
    const auto index = as_u64(find(item, "accountIndex"));
    if (!index || *index >= keys.size() || taken[*index])
      return bad("a token balance of no account, or two of one");
    taken[*index] = true;
    const auto mint = key_in<solana::pubkey>(find(item, "mint"), "mint");
    if (!mint)
      return failure{mint.error()};
    const auto amount = as_string(find(find(item, "uiTokenAmount"), "amount"));
    const auto units = amount ? domain::token_amount::parse(*amount) : std::nullopt;
    if (!units)
      return bad("a token amount is not a number");
    token_balance_entry entry{keys[*index], *mint, std::nullopt, units->units()};
    if (const auto* owner = find(item, "owner"); !json::is_null(owner) && as_string(owner) != "") {
      const auto key = key_in<solana::pubkey>(owner, "owner");
      if (!key)
        return failure{key.error()};
      entry.owner = *key;
    }
    balances.push_back(entry);
  }
  return balances;
}

parsed<domain::done> append_keys(std::vector<solana::pubkey>& keys, const json::value* list) {
  if (!json::is_null(list) && !json::is(list, json::kind::array))
    return bad("loaded addresses are not a list");
  for (const auto& item : json::elements(list)) {
    const auto key = key_in<solana::pubkey>(&item, "a loaded address");
    if (!key)
      return failure{key.error()};
    if (keys.size() == max_keys)
      return bad("too many loaded addresses");
    keys.push_back(*key);
  }
  return domain::done{};
}

/// The keys of a transaction in the index space of its balances.
parsed<std::vector<solana::pubkey>> keys_in(const json::value& result, const solana::signature& id) {
  const auto* encoded = find(result, "transaction");
  const auto text = as_string(json::at(encoded, 0));
  if (!text || as_string(json::at(encoded, 1)) != "base64")
    return bad("the transaction is not in base64");
  const auto bytes = solana::base64_decode(*text, solana::max_transaction_v1_bytes);
  if (!bytes)
    return bad("the transaction is not base64 of its size");
  const auto tx = solana::parse_transaction(*bytes);
  if (!tx)
    return bad("the transaction does not parse");
  if (tx->id() != id)
    return bad("another transaction than asked for");
  auto keys = tx->body.static_keys;
  const auto* loaded = find(find(result, "meta"), "loadedAddresses");
  for (const char* part : {"writable", "readonly"})
    if (const auto appended = append_keys(keys, find(loaded, part)); !appended)
      return failure{appended.error()};
  if (keys.size() != tx->body.key_count())
    return bad("not as many loaded addresses as the transaction looks up");
  return keys;
}

}  // namespace

parsed<std::optional<transaction_view>> read_transaction(const json::value& result, const solana::signature& id) {
  if (json::is_null(&result))
    return std::optional<transaction_view>{};
  const auto slot = storable_in(&result, "slot");
  if (!slot)
    return failure{slot.error()};
  auto keys = keys_in(result, id);
  if (!keys)
    return failure{keys.error()};
  const auto* meta = find(result, "meta");
  auto err = err_in(meta);
  if (!err)
    return failure{err.error()};
  const auto fee = storable_in(meta, "fee");
  if (!fee)
    return failure{fee.error()};
  auto pre = balances_in(find(meta, "preBalances"), keys->size());
  auto post = balances_in(find(meta, "postBalances"), keys->size());
  if (!pre || !post)
    return failure{pre ? post.error() : pre.error()};
  auto pre_token = token_balances_in(find(meta, "preTokenBalances"), *keys);
  auto post_token = token_balances_in(find(meta, "postTokenBalances"), *keys);
  if (!pre_token || !post_token)
    return failure{pre_token ? post_token.error() : pre_token.error()};
  transaction_view view;
  view.slot = *slot;
  if (const auto* time = find(result, "blockTime"); !json::is_null(time)) {
    view.block_time_s = as_i64(time);
    if (!view.block_time_s)
      return bad("blockTime is not a number");
  }
  view.err = std::move(err).value();
  view.fee_lamports = *fee;
  view.keys = std::move(keys).value();
  view.pre_balances = std::move(pre).value();
  view.post_balances = std::move(post).value();
  view.pre_token_balances = std::move(pre_token).value();
  view.post_token_balances = std::move(post_token).value();
  return std::optional{std::move(view)};
}

}  // namespace landfall::executor
