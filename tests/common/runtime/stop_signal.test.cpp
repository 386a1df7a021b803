#include "common/runtime/stop_signal.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <csignal>
#include <thread>

using namespace landfall::runtime;

TEST_CASE("a stop signal ends the wait instead of the process") {
  block_stop_signals();
  CHECK(wait_for_stop_signal(std::chrono::milliseconds{0}) == 0);
  std::thread other{[] { request_stop(); }};
  CHECK(wait_for_stop_signal() == SIGTERM);
  other.join();
  ::kill(::getpid(), SIGINT);
  CHECK(wait_for_stop_signal(std::chrono::seconds{10}) == SIGINT);
  CHECK(wait_for_stop_signal(std::chrono::milliseconds{0}) == 0);
}
