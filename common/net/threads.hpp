#pragma once

namespace landfall::net {

/// Sizes the pool all HTTP and WebSocket work runs on. Once, in `main`, before anything else of `net` is used (later
/// calls change nothing); the library's own default of 40 threads is several times slower on small machines.
/// Callbacks of everything in `net` run on these threads (a WebSocket's on a thread of its own): never block in one.
void initialize_threads(int count = 4);

}  // namespace landfall::net
