#include "common/net/error.hpp"

#include <utility>

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

net_error failed_at(const std::string& address, net_error::kind what, std::string detail) {
  net_error e;
  e.what = what;
  e.message = address + ": " + detail;
  e.detail = std::move(detail);
  return e;
}

std::string without_address(const net_error& e) {
  return e.detail.empty() ? std::string{to_string(e.what)} : e.detail;
}

}  // namespace landfall::net
