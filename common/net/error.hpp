#pragma once

#include <string>
#include <string_view>

namespace landfall::net {

/// Why there is no answer. None of them says that the other side did not do what it was asked to, except `unreachable`.
struct net_error {
  enum class kind {
    timeout,      ///< the deadline passed
    unreachable,  ///< no connection was made: name, route, refused, TLS
    reset,        ///< the connection broke after it was made
    too_large,    ///< the answer is over its bound
    malformed,    ///< what came is not HTTP
    cancelled,    ///< the client was destroyed
  };
  kind what = kind::reset;
  std::string message{};  ///< for people; names the address, never headers or bodies
};

[[nodiscard]] std::string_view to_string(net_error::kind kind) noexcept;

}  // namespace landfall::net
