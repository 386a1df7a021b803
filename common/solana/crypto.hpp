#pragma once

namespace landfall::solana {

/// Starts libsodium, once per process however often it is called; safe from several threads. Everything in this folder
/// that needs it calls it. Stops the process if the library cannot start.
void initialize_crypto();

}  // namespace landfall::solana
