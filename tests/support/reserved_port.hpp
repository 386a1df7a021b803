#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>

#include "common/domain/result.hpp"

namespace landfall::test {

/// A port of loopback that nobody else is given while this lives, chosen by the kernel. Nobody listens on it until the
/// test itself does, which it may as often as it likes; connections to it are refused until then.
class reserved_port {
public:
  reserved_port() : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    // Bound but not listening, with a reuse that the listener asks for too: the kernel lets the two have one port.
    const int on = 1;
    ::setsockopt(socket_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof at;
    if (::bind(socket_, reinterpret_cast<const sockaddr*>(&at), sizeof at) != 0 ||
        ::getsockname(socket_, reinterpret_cast<sockaddr*>(&at), &size) != 0)
      domain::broken_invariant("no port can be reserved");
    number_ = ntohs(at.sin_port);
  }
  ~reserved_port() {
    ::close(socket_);
  }
  reserved_port(const reserved_port&) = delete;
  reserved_port& operator=(const reserved_port&) = delete;

  [[nodiscard]] int number() const noexcept {
    return number_;
  }
  /// Such as "http://127.0.0.1:40000".
  [[nodiscard]] std::string url(const std::string& scheme = "http") const {
    return scheme + "://127.0.0.1:" + std::to_string(number_);
  }

private:
  int socket_;
  int number_ = 0;
};

}  // namespace landfall::test
