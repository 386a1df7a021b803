#pragma once

#include <functional>
#include <memory>
#include <string>

#include "common/net/host_limiter.hpp"
#include "common/net/http_client.hpp"

namespace landfall::net {

/// An `http_client` whose requests wait for a permit of the host's limiter, if it has one. With the same promises, and
/// one more error: `rate_limited`, for what was not sent.
class limited_client {
public:
  explicit limited_client(std::string base_url, http_client_options options = {},
                          std::shared_ptr<host_limiter> limiter = nullptr);
  /// As `http_client`; requests that wait for a permit end with `cancelled` too.
  ~limited_client();
  limited_client(const limited_client&) = delete;
  limited_client& operator=(const limited_client&) = delete;

  /// The timeout begins with the permit.
  void request(purpose p, http_request request, std::function<void(http_result)> done);
  /// Whether the host has capacity for what is only nice to have.
  [[nodiscard]] bool has_spare() const;

private:
  struct impl;
  std::shared_ptr<impl> impl_;
};

}  // namespace landfall::net
