#include "executor-service/api/auth/auth_store.hpp"

#include "executor-service/api/sql.hpp"

namespace landfall::executor::api {

using domain::done;
using postgres::database_result;
using postgres::transaction;

database_result<solana::bytes> auth_store::challenge_of(const solana::pubkey& wallet, proof_kind kind,
                                                        const solana::bytes& challenge, std::chrono::milliseconds life,
                                                        std::chrono::milliseconds young, int max_young) {
  const auto address = wallet.to_string();
  const std::string kind_name{to_string(kind)};
  return db_.transact([&](transaction& t) {
    t.run(sql::lock_challenges, address, kind_name);
    const auto waiting =
        t.run(sql::young_challenges, address, kind_name, static_cast<long long>(young.count()), max_young);
    if (waiting.size() >= static_cast<std::size_t>(max_young))
      return postgres::bytea_value(waiting[0]["challenge"]);
    t.run(sql::insert_challenge, address, kind_name, postgres::bytea_literal(challenge),
          static_cast<long long>(life.count()));
    return challenge;
  });
}

database_result<done> auth_store::delete_dead_challenges() {
  return db_.transact([&](transaction& t) {
    t.run(sql::delete_dead_challenges);
    return done{};
  });
}

database_result<std::vector<stored_challenge>> auth_store::live_challenges(const solana::pubkey& wallet,
                                                                           proof_kind kind, int limit) {
  return db_.transact([&](transaction& t) {
    std::vector<stored_challenge> live;
    for (const auto& row : t.run(sql::live_challenges, wallet.to_string(), std::string{to_string(kind)}, limit))
      live.push_back({row["id"].as<std::string>(), postgres::bytea_value(row["challenge"])});
    return live;
  });
}

database_result<bool> auth_store::consume_challenge(const std::string& id) {
  return db_.transact([&](transaction& t) { return t.run_optional(sql::consume_challenge, id).has_value(); });
}

}  // namespace landfall::executor::api
