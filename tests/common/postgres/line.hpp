#pragma once

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace landfall::postgres::test {

/// A TCP line to the PostgreSQL of the tests that can go half-open: it takes bytes, acknowledges them, and delivers
/// nothing, in either direction. What was swallowed stays lost; connections made while it swallows are as dead.
class line {
public:
  /// `conninfo` names the server with host (an IPv4 address) and port.
  explicit line(const std::string& conninfo) {
    server_.sin_family = AF_INET;
    server_.sin_port = htons(static_cast<std::uint16_t>(std::stoi(word_of(conninfo, "port"))));
    const auto host = word_of(conninfo, "host");
    REQUIRE(::inet_pton(AF_INET, host == "localhost" ? "127.0.0.1" : host.c_str(), &server_.sin_addr) == 1);
    listening_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in here{};
    here.sin_family = AF_INET;
    here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof here;
    REQUIRE(::bind(listening_, reinterpret_cast<const sockaddr*>(&here), length) == 0);
    REQUIRE(::listen(listening_, 16) == 0);
    REQUIRE(::getsockname(listening_, reinterpret_cast<sockaddr*>(&here), &length) == 0);
    port_ = ntohs(here.sin_port);
    thread_ = std::jthread{[this](const std::stop_token& stopping) { run(stopping); }};
  }
  ~line() {
    thread_ = {};
    for (const auto& p : pairs_)
      p->close();
    ::close(listening_);
  }
  line(const line&) = delete;
  line& operator=(const line&) = delete;

  /// The same connection string with this line in between.
  [[nodiscard]] std::string through(const std::string& conninfo) const {
    return conninfo + " host=127.0.0.1 port=" + std::to_string(port_);
  }

  std::atomic<bool> swallow_requests{false};
  std::atomic<bool> swallow_replies{false};

private:
  struct pair {
    int client;
    int server;
    void close() {
      for (int* fd : {&client, &server})
        if (*fd >= 0)
          ::close(std::exchange(*fd, -1));
    }
  };

  static std::string word_of(const std::string& conninfo, const std::string& key) {
    const auto at = (" " + conninfo).find(" " + key + "=");
    REQUIRE(at != std::string::npos);
    const auto from = at + key.size() + 1;
    return conninfo.substr(from, conninfo.find(' ', from) - from);
  }

  void accept_one() {
    const int client = ::accept4(listening_, nullptr, nullptr, SOCK_CLOEXEC);
    if (client < 0)
      return;
    const int server = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    auto p = std::make_unique<pair>(pair{client, server});
    if (::connect(server, reinterpret_cast<const sockaddr*>(&server_), sizeof server_) == 0)
      pairs_.push_back(std::move(p));
    else
      p->close();
  }

  /// False once one end is gone.
  static bool pass(int from, int to, bool swallow) {
    std::array<char, 16384> bytes{};
    const auto n = ::recv(from, bytes.data(), bytes.size(), 0);
    if (n <= 0)
      return false;
    return swallow || ::send(to, bytes.data(), static_cast<std::size_t>(n), MSG_NOSIGNAL) == n;
  }

  void run(const std::stop_token& stopping) {
    constexpr int turn_ms = 5;
    while (!stopping.stop_requested()) {
      std::vector<pollfd> sockets{{listening_, POLLIN, 0}};
      for (const auto& p : pairs_) {
        sockets.push_back({p->client, POLLIN, 0});
        sockets.push_back({p->server, POLLIN, 0});
      }
      const auto count = pairs_.size();
      if (::poll(sockets.data(), sockets.size(), turn_ms) <= 0)
        continue;
      for (std::size_t i = 0; i < count; ++i) {
        auto& p = *pairs_[i];
        const bool client_alive = sockets[2 * i + 1].revents == 0 || pass(p.client, p.server, swallow_requests.load());
        const bool server_alive =
            !client_alive || sockets[2 * i + 2].revents == 0 || pass(p.server, p.client, swallow_replies.load());
        if (!client_alive || !server_alive)
          p.close();
      }
      std::erase_if(pairs_, [](const auto& p) { return p->client < 0; });
      if (sockets[0].revents != 0)
        accept_one();
    }
  }

  sockaddr_in server_{};
  int listening_ = -1;
  int port_ = 0;
  std::vector<std::unique_ptr<pair>> pairs_;
  std::jthread thread_;
};

}  // namespace landfall::postgres::test
