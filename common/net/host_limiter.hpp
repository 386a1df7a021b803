#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "common/domain/result.hpp"
#include "common/net/error.hpp"
#include "common/net/rate_limiter.hpp"

namespace landfall::net {

/// Where a host's limiter reports to; each may be empty. Called on any thread, with no lock held that a caller takes.
struct limiter_reports {
  enum class permit { granted, delayed, refused };
  /// `delayed` was granted after a wait.
  std::function<void(purpose, permit)> permitted{};
  /// HTTP 429 or 503.
  std::function<void(int status)> refused_by_server{};
  /// After each refusal by the server and after the pause: what is left of the pause, and the limit of a window.
  std::function<void(std::chrono::milliseconds pause, std::uint32_t limit)> changed{};
};

/// The one `rate_limiter` of a host within this process: thread-safe, with real time and a timer of the net pool.
/// Waiting holds up no thread.
class host_limiter {
public:
  host_limiter(std::string endpoint, rate_limit limit, limiter_reports reports = {}, std::uint64_t seed = 1);
  /// Who still waits is never called.
  ~host_limiter();
  host_limiter(const host_limiter&) = delete;
  host_limiter& operator=(const host_limiter&) = delete;

  using refusal = std::optional<net_error>;
  /// Calls `then` exactly once: without an error when the request may be sent, and then `answered` has to follow; or
  /// with `rate_limited`. It may run within this call. Returns a ticket for `cancel`.
  std::uint64_t acquire(purpose p, std::function<void(refusal)> then);
  /// Its `then` is not called any more, unless it runs just now.
  void cancel(std::uint64_t ticket);
  void answered(const limit_signal& signal);

  /// For what cannot queue up, such as opening a stream: nothing if it may be done now, else how long to wait. The
  /// permit is given back by itself.
  [[nodiscard]] std::optional<std::chrono::milliseconds> try_once(purpose p);
  /// Whether there is capacity for what is only nice to have.
  [[nodiscard]] bool has_spare() const;
  [[nodiscard]] std::uint32_t limit() const;

private:
  struct impl;
  std::shared_ptr<impl> impl_;
};

/// "host:port" in lower case, with the scheme's port where the URL has none; loopback's names are one. Nothing for what
/// is no URL.
[[nodiscard]] std::optional<std::string> host_and_port(const std::string& url);

/// The limiters of a process, one a host and port. Thread-safe.
class host_limiters {
public:
  using make_reports = std::function<limiter_reports(const std::string& endpoint)>;
  explicit host_limiters(make_reports reports = {}, std::uint64_t seed = 1);

  /// The limiter of the URL's host; `limit` counts for the first who asks.
  [[nodiscard]] std::shared_ptr<host_limiter> of(const std::string& url, rate_limit limit = {});

private:
  std::mutex mutex_;
  make_reports reports_;
  std::uint64_t seed_;
  std::map<std::string, std::shared_ptr<host_limiter>> known_;
};

}  // namespace landfall::net
