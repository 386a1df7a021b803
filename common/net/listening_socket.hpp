#pragma once

namespace landfall::net {

/// Lets no new connection reach the sockets of this process that listen on `port`, and waits a moment for those already
/// under way to be accepted. The library crashes if it accepts a connection while it closes its listener, and has no
/// way to stop accepting first.
void deafen_listener(int port);

}  // namespace landfall::net
