#pragma once

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace landfall::net::test {

using namespace std::chrono_literals;

/// What a test waits for at most; far above what anything here takes.
inline constexpr auto patience = 60s;
/// The same, for requests that are answered.
inline constexpr std::uint32_t patience_ms = 60'000;

/// Things that callbacks of other threads tell the test, which waits for them with a deadline.
template <class T>
class mailbox {
public:
  void put(T value) {
    const std::lock_guard lock{mutex_};
    all_.push_back(std::move(value));
    changed_.notify_all();
  }
  /// True once there are `count` of them.
  [[nodiscard]] bool wait(std::size_t count = 1) {
    std::unique_lock lock{mutex_};
    return changed_.wait_for(lock, patience, [&] { return all_.size() >= count; });
  }
  [[nodiscard]] std::vector<T> all() {
    const std::lock_guard lock{mutex_};
    return all_;
  }

private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<T> all_;
};

/// One TCP connection, seen as bytes.
class wire {
public:
  explicit wire(int fd) : fd_(fd) {}
  ~wire() {
    ::close(fd_);
  }
  wire(const wire&) = delete;
  wire& operator=(const wire&) = delete;

  static std::unique_ptr<wire> connect(int port) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(static_cast<std::uint16_t>(port));
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(::connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0);
    return std::make_unique<wire>(fd);
  }

  /// False once the other side is gone.
  bool write(std::string_view bytes) const {
    while (!bytes.empty()) {
      const auto n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (n <= 0)
        return false;
      bytes.remove_prefix(static_cast<std::size_t>(n));
    }
    return true;
  }

  /// Up to and with `end`, or all there was until the connection or the patience ended.
  std::string read_until(std::string_view end) {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    for (;;) {
      if (const auto at = rest_.find(end); !end.empty() && at != std::string::npos) {
        auto out = rest_.substr(0, at + end.size());
        rest_.erase(0, out.size());
        return out;
      }
      const auto left =
          std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
      pollfd p{fd_, POLLIN, 0};
      if (left.count() <= 0 || ::poll(&p, 1, static_cast<int>(left.count())) <= 0)
        return std::exchange(rest_, {});
      char piece[4096];
      const auto n = ::recv(fd_, piece, sizeof piece, 0);
      if (n <= 0)
        return std::exchange(rest_, {});
      rest_.append(piece, static_cast<std::size_t>(n));
    }
  }
  std::string read_all() {
    return read_until({});
  }
  /// Waits until the other side closes.
  void read_to_end() {
    (void)read_all();
  }
  void shut() const {
    ::shutdown(fd_, SHUT_RDWR);
  }
  /// Ends the connection with a reset: what the other side writes from then on fails at once.
  void reset() const {
    sockaddr unspecified{};
    unspecified.sa_family = AF_UNSPEC;
    ::connect(fd_, &unspecified, sizeof unspecified);
  }

private:
  int fd_;
  std::string rest_;
};

/// Listens on a port of its own and runs `script` for every connection, each on a thread.
class raw_server {
public:
  explicit raw_server(std::function<void(wire&)> script) : script_(std::move(script)) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(::bind(listener_, reinterpret_cast<const sockaddr*>(&at), sizeof at) == 0);
    REQUIRE(::listen(listener_, 1024) == 0);
    socklen_t size = sizeof at;
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&at), &size);
    port_ = ntohs(at.sin_port);
    accepting_ = std::thread{[this] { accept(); }};
  }
  ~raw_server() {
    ::shutdown(listener_, SHUT_RDWR);
    accepting_.join();
    ::close(listener_);
    for (const auto& w : wires_)
      w->shut();
    for (auto& t : threads_)
      t.join();
  }
  raw_server(const raw_server&) = delete;
  raw_server& operator=(const raw_server&) = delete;

  [[nodiscard]] int port() const {
    return port_;
  }
  [[nodiscard]] std::string url(std::string_view scheme = "http") const {
    return std::string{scheme} + "://127.0.0.1:" + std::to_string(port_);
  }
  [[nodiscard]] int connections() const {
    return connections_;
  }

private:
  void accept() {
    for (;;) {
      const int fd = ::accept(listener_, nullptr, nullptr);
      if (fd < 0)
        return;
      ++connections_;
      wires_.push_back(std::make_unique<wire>(fd));
      threads_.emplace_back([this, w = wires_.back().get()] {
        script_(*w);
        w->shut();
      });
    }
  }

  std::function<void(wire&)> script_;
  int listener_ = -1;
  int port_ = 0;
  std::atomic<int> connections_{0};
  std::vector<std::unique_ptr<wire>> wires_;
  std::vector<std::thread> threads_;
  std::thread accepting_;
};

/// What a message must not tell: the address, which may hold a key.
inline std::string address_in(const std::string& message) {
  return message.find("127.0.0.1") == std::string::npos ? "" : " names its address: " + message;
}

}  // namespace landfall::net::test
