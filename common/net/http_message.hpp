#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

#include "common/domain/result.hpp"
#include "common/net/error.hpp"

namespace landfall::net {

/// What `http_client` sends.
struct http_request {
  std::string method = "GET";
  std::string path_and_query = "/";  ///< encoded already, appended to the base URL
  std::map<std::string, std::string> headers{};
  std::string body{};
  std::uint32_t timeout_ms = 10'000;                 ///< from the call to the last byte of the answer
  std::size_t max_response_bytes = 4 * 1024 * 1024;  ///< of the body
  /// A kept connection may turn out dead just as it is used again; the request is then sent once more over another,
  /// though the other side may have acted on the first. True opens a connection for this request alone, so that it is
  /// sent at most once.
  bool send_at_most_once = false;
};

struct http_response {
  int status = 0;
  std::map<std::string, std::string> headers{};  ///< names in lower case
  std::string body{};
};

using http_result = domain::result<http_response, net_error>;

}  // namespace landfall::net
