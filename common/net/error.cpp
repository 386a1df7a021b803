#include "common/net/error.hpp"

namespace landfall::net {

std::string_view to_string(net_error::kind kind) noexcept {
  switch (kind) {
    case net_error::kind::timeout:
      return "timeout";
    case net_error::kind::unreachable:
      return "unreachable";
    case net_error::kind::reset:
      return "reset";
    case net_error::kind::too_large:
      return "too_large";
    case net_error::kind::malformed:
      return "malformed";
    case net_error::kind::rate_limited:
      return "rate_limited";
    case net_error::kind::cancelled:
      break;
  }
  return "cancelled";
}

}  // namespace landfall::net
