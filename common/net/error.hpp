#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace landfall::net {

/// Why there is no answer. None of them says that the other side did not do what it was asked to, except `unreachable`
/// and `rate_limited`.
struct net_error {
  enum class kind {
    timeout,       ///< the deadline passed
    unreachable,   ///< no connection was made: name, route, refused, TLS
    reset,         ///< the connection broke after it was made
    too_large,     ///< the answer is over its bound
    malformed,     ///< what came is not HTTP
    cancelled,     ///< the client was destroyed
    rate_limited,  ///< not sent: our own limiter of the host has no capacity; `retry_after` says when it may
  };
  kind what = kind::reset;
  std::string message{};  ///< for people; names the address, never headers or bodies
  /// What broke, without the address, which may hold a key; empty where the kind is all there is.
  std::string detail{};
  std::optional<std::chrono::milliseconds> retry_after{};
};

[[nodiscard]] std::string_view to_string(net_error::kind kind) noexcept;

/// That `detail` happened at an address.
[[nodiscard]] net_error failed_at(const std::string& address, net_error::kind what, std::string detail);

/// The detail, or the kind where there is none: for people who may not see the address.
[[nodiscard]] std::string without_address(const net_error& e);

}  // namespace landfall::net
