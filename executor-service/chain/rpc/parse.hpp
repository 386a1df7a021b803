#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/json/reader.hpp"
#include "common/net/http_message.hpp"
#include "executor-service/chain/rpc/rpc_api.hpp"

namespace landfall::executor {

/// What a check of an answer ends with where it fails.
struct bad_answer {
  std::string what;
};
template <class T>
using parsed = domain::result<T, bad_answer>;

inline domain::failure<bad_answer> bad(std::string what) {
  return domain::failure{bad_answer{std::move(what)}};
}

[[nodiscard]] rpc_error error_of(rpc_error::kind what, std::string message);

/// The answer to the call with number `id`, up to its result.
[[nodiscard]] rpc_result<json::value> result_of(const net::http_result& reply, std::uint64_t id);

// ---- Parts of results ----

/// In one canonical spelling.
[[nodiscard]] std::string text_of(const json::value& v);
/// A slot, height, fee or balance in lamports: at most what a bigint of the database holds, which nothing real comes
/// near.
[[nodiscard]] std::optional<std::uint64_t> storable(const json::value* v);
[[nodiscard]] parsed<std::uint64_t> storable_in(const json::value* v, const char* name);
/// `context.slot` of a method that reads a bank.
[[nodiscard]] parsed<std::uint64_t> context_slot(const json::value& result);
/// Null is success; everything else is kept as JSON.
[[nodiscard]] parsed<std::optional<std::string>> err_in(const json::value* object);

template <class Key>
[[nodiscard]] parsed<Key> key_in(const json::value* v, const char* name) {
  if (const auto text = json::as_string(v))
    if (const auto key = Key::parse(*text))
      return *key;
  return bad(std::string{name} + " is not base58 of its length");
}

// ---- Results, one function a method ----

[[nodiscard]] parsed<epoch_view> read_epoch_info(const json::value& result);
[[nodiscard]] parsed<latest_blockhash_view> read_latest_blockhash(const json::value& result);
[[nodiscard]] parsed<simulation> read_simulation(const json::value& result, std::size_t accounts_asked,
                                                 std::size_t max_bytes);
[[nodiscard]] parsed<statuses_view> read_statuses(const json::value& result, std::size_t asked);
[[nodiscard]] parsed<std::vector<address_signature_view>> read_address_signatures(const json::value& result);
[[nodiscard]] parsed<accounts_view> read_accounts(const json::value& result, std::size_t asked, std::size_t max_bytes);
[[nodiscard]] parsed<std::optional<transaction_view>> read_transaction(const json::value& result,
                                                                       const solana::signature& id);
[[nodiscard]] parsed<std::vector<priority_fee_sample>> read_fees(const json::value& result);
[[nodiscard]] parsed<blockhash_validity> read_validity(const json::value& result);

}  // namespace landfall::executor
