#pragma once

#include <chrono>
#include <memory>
#include <string>

namespace landfall::net::test {

/// A WebSocket server that echoes; "bye" is answered by a close, "vanish" by an end without one, "big N" by N bytes.
/// May refuse to answer pings.
class echo_server {
public:
  explicit echo_server(bool pongs = true);
  ~echo_server();
  echo_server(const echo_server&) = delete;
  echo_server& operator=(const echo_server&) = delete;

  [[nodiscard]] std::string url() const;
  /// True once so many pings have come.
  [[nodiscard]] bool wait_for_pings(int count, std::chrono::seconds at_most) const;

private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

}  // namespace landfall::net::test
