#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

namespace landfall::net {

/// Stands between the threads that report something and the owner of a callback, who may go away at any time: after
/// `close` returned, no callback runs, the one `close` was called from excepted.
class delivery {
public:
  enum class mode { concurrent, one_at_a_time };
  explicit delivery(mode m) : mode_(m) {}

  /// Runs `callback` unless closed. What it throws stops the process.
  template <class Callback>
  bool run(Callback&& callback) {
    if (!enter(false))
      return false;
    call(callback);
    leave();
    return true;
  }

  /// The same, and closes before it runs: of several calls at most one comes through, and none of `run` after it.
  template <class Callback>
  bool run_last(Callback&& callback) {
    if (!enter(true))
      return false;
    call(callback);
    leave();
    return true;
  }

  /// Waits for callbacks that run on other threads. True if called from within a callback.
  bool close();
  [[nodiscard]] bool closed() const;

private:
  template <class Callback>
  static void call(Callback& callback) noexcept {
    callback();
  }
  bool enter(bool last);
  void leave();
  /// Callbacks this thread is inside of. Locked.
  [[nodiscard]] std::size_t own() const;

  const mode mode_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::thread::id> running_;
  bool closed_ = false;
};

}  // namespace landfall::net
