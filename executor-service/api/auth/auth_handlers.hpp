#pragma once

#include <atomic>
#include <chrono>
#include <memory>

#include "common/runtime/clock.hpp"
#include "executor-service/api/auth/session_token.hpp"
#include "executor-service/api/http/call.hpp"

namespace landfall::executor::api {

struct auth_settings {
  std::chrono::milliseconds challenge_life{300'000};
  std::chrono::milliseconds session_life{86'400'000};
};

/// The routes under /auth. Thread-safe.
class auth_handlers {
public:
  auth_handlers(auth_settings settings, session_key key, std::shared_ptr<const runtime::clock> clock)
      : settings_(settings), session_key_(key), clock_(std::move(clock)) {}

  void issue_challenge(postgres::database& db, const call& c);
  void verify_challenge(postgres::database& db, const call& c);

private:
  void delete_dead_challenges(postgres::database& db);

  const auth_settings settings_;
  const session_key session_key_;
  const std::shared_ptr<const runtime::clock> clock_;
  /// When dead challenges were last deleted, in milliseconds since 1970.
  std::atomic<long long> deleted_at_ms_{0};
};

}  // namespace landfall::executor::api
