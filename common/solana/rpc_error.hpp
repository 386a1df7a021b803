#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/domain/result.hpp"

namespace landfall::solana {

/// Why a node gave no usable answer. None of these proves anything about whether a transaction landed, will land, or
/// about whether an account exists.
struct rpc_error {
  enum class kind : std::uint8_t {
    unreachable,   ///< no connection, or it broke: what was sent may have been acted on
    timeout,       ///< no answer in time: likewise
    rate_limited,  ///< HTTP 429, or not sent for our own limiter of the host (`http_status` 0)
    server,        ///< any other HTTP status than 200 without a JSON-RPC error: `http_status`
    rpc,           ///< a JSON-RPC error: `code`, `message`, `data`
    malformed,     ///< an answer that is not what the method answers
  };
  kind what = kind::malformed;
  /// For people. Names neither the URL nor its keys.
  std::string message;
  int http_status = 0;
  std::int64_t code = 0;
  /// JSON; empty if there was none.
  std::string data;
  /// The transaction's error where the node's simulation before sending failed with one that is a bare name.
  std::string preflight_err = {};
  std::optional<std::uint64_t> retry_after_ms;

  /// The node did not judge the request itself: the very same may be asked again, here or elsewhere. False only for a
  /// verdict of the node (bad parameters, a simulation that fails), and even that is no proof about the chain.
  [[nodiscard]] bool proves_nothing() const noexcept;
  /// The node has executed this very transaction already; good news for a sender.
  [[nodiscard]] bool already_processed() const noexcept;
  /// The node does not know the blockhash: too old, or the node is behind. Not a proof of expiry.
  [[nodiscard]] bool blockhash_not_found() const noexcept;
  /// The node's simulation before sending failed (-32002).
  [[nodiscard]] bool preflight_failed() const noexcept;
  /// The node reports that it is behind (-32005).
  [[nodiscard]] bool node_unhealthy() const noexcept;
};

[[nodiscard]] std::string_view to_string(rpc_error::kind kind) noexcept;

template <class T>
using rpc_result = domain::result<T, rpc_error>;

}  // namespace landfall::solana
