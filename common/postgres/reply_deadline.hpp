#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace landfall::postgres {

/// Bounds the wait for a server that is connected and silent: libpq waits for a reply without end, the server's
/// own statement timeout does not help when the connection swallows its answer, and keepalives do not when something on
/// the way acknowledges them. At the deadline the socket is shut down, which libpq sees as a server that went away.
///
/// Owned by the thread that owns the connection; only the clock runs beside it.
class reply_deadline {
public:
  /// Zero: no deadline.
  explicit reply_deadline(std::chrono::milliseconds bound);
  ~reply_deadline();
  reply_deadline(const reply_deadline&) = delete;
  reply_deadline& operator=(const reply_deadline&) = delete;

  /// From now on it is about this socket, which it keeps a descriptor of its own of: libpq closes its own when it
  /// likes.
  void attach(int socket);
  /// Lets go of the socket.
  void detach() noexcept;

  /// The server has to answer within the bound from now; called again, it has the whole bound again.
  void start();
  /// It answered, or nobody waits.
  void stop() noexcept;
  /// Whether the socket was shut down since it was attached.
  [[nodiscard]] bool passed() const;
  [[nodiscard]] std::chrono::milliseconds bound() const {
    return bound_;
  }

private:
  using clock = std::chrono::steady_clock;
  void run(const std::stop_token& stopping);

  const std::chrono::milliseconds bound_;
  mutable std::mutex mutex_;
  std::condition_variable_any started_;
  int socket_ = -1;
  bool waiting_ = false;
  bool passed_ = false;
  /// The thread waits for a start, not for a deadline: only then is it worth a wake-up.
  bool idle_ = true;
  clock::time_point deadline_;
  /// Last: it ends before what it uses.
  std::jthread thread_;
};

}  // namespace landfall::postgres
