#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "common/postgres/database.hpp"
#include "common/solana/bytes.hpp"
#include "executor-service/api/auth/auth_requests.hpp"

namespace landfall::executor::api {

struct stored_challenge {
  std::string id;
  solana::bytes challenge;
};

/// Challenges of wallets. Borrowed for one task from the thread that owns the connection; every call is a transaction.
class auth_store {
public:
  explicit auth_store(postgres::database& db) : db_(db) {}

  /// Stores `challenge` and returns it. A wallet that has `max_young` unanswered ones younger than `young` gets the
  /// newest of those instead: whoever asks for many crowds out nobody.
  postgres::database_result<solana::bytes> challenge_of(const solana::pubkey& wallet, proof_kind kind,
                                                        const solana::bytes& challenge, std::chrono::milliseconds life,
                                                        std::chrono::milliseconds young, int max_young);
  postgres::database_result<domain::done> delete_dead_challenges();
  postgres::database_result<std::vector<stored_challenge>> live_challenges(const solana::pubkey& wallet,
                                                                           proof_kind kind, int limit);
  /// False where the challenge was used up already, or ran out.
  postgres::database_result<bool> consume_challenge(const std::string& id);

private:
  postgres::database& db_;
};

}  // namespace landfall::executor::api
