#pragma once

#include <chrono>

namespace landfall::runtime {

/// Blocks SIGTERM and SIGINT for this thread and all it will start, and ignores SIGPIPE. The first thing in `main`:
/// a thread started earlier would die of the signal that `wait_for_stop_signal` is waiting for.
void block_stop_signals();

/// Returns the number of the SIGTERM or SIGINT that arrived.
int wait_for_stop_signal();

/// The same with a bound; 0 if none arrived in time.
int wait_for_stop_signal(std::chrono::milliseconds bound);

/// Makes `wait_for_stop_signal` return, from any thread: for a service that finds it cannot go on.
void request_stop();

}  // namespace landfall::runtime
