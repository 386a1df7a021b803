#include "executor-service/api/deposit/actor_chain.hpp"

#include <caf/all.hpp>
#include <chrono>
#include <functional>
#include <utility>
#include <vector>

#include "common/runtime/log.hpp"
#include "common/solana/token.hpp"

namespace landfall::executor::api {

struct chain_question;

/// Requests what it is given to ask, and takes the answers.
using chain_client_actor = caf::typed_actor<
    /// Asks the chain actor.
    caf::reacts_to<chain_question>>;

struct chain_question {
  std::function<void(chain_client_actor::pointer)> ask;
};

}  // namespace landfall::executor::api

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(landfall::executor::api::chain_question)

namespace landfall::executor::api {

namespace {

/// Above all that the chain actor waits for itself.
constexpr std::chrono::seconds answer_deadline{20};

chain_client_actor::behavior_type chain_client(chain_client_actor::pointer self) {
  return {[self](const chain_question& question) { question.ask(self); }};
}

class actor_chain final : public chain_gateway {
public:
  actor_chain(caf::actor_system& system, chain_actor chain)
      : chain_(std::move(chain)), client_(system.spawn(chain_client)) {}
  ~actor_chain() override {
    caf::anon_send_exit(client_, caf::exit_reason::user_shutdown);
  }
  actor_chain(const actor_chain&) = delete;
  actor_chain& operator=(const actor_chain&) = delete;

  void latest_blockhash(chain_done<latest_blockhash_view> done) override {
    ask<chain::fresh_blockhash>("latest_blockhash", chain::blockhash_request{}, std::move(done), [](const auto& fresh) {
      return latest_blockhash_view{fresh.context_slot, fresh.hash, fresh.last_valid_block_height};
    });
  }

  void token_account_rent(chain_done<std::uint64_t> done) override {
    ask<chain::rent>("token_account_rent", chain::rent_request{solana::token::account_bytes}, std::move(done),
                     [](const auto& rent) { return rent.lamports; });
  }

  void account(const solana::pubkey& key, std::optional<std::uint64_t> min_context_slot,
               chain_done<std::optional<account_info>> done) override {
    ask<chain::accounts_read>("account", chain::accounts_request{{key}, commitment::confirmed, min_context_slot},
                              std::move(done), [](const auto& read) { return read.view.accounts.at(0); });
  }

  void statuses(const std::vector<solana::signature>& signatures, bool search_history,
                chain_done<std::vector<std::optional<deposit_status>>> done) override {
    ask<chain::statuses_read>("statuses", chain::statuses_request{signatures, search_history}, std::move(done),
                              [](const auto& read) {
                                std::vector<std::optional<deposit_status>> known(read.statuses.size());
                                for (std::size_t i = 0; i < known.size(); ++i)
                                  if (const auto& s = read.statuses[i])
                                    known[i] = {s->slot, s->level != commitment::processed, s->err};
                                return known;
                              });
  }

  void broadcast(const solana::bytes& transaction, const solana::signature& id, bool again) override {
    caf::anon_send(chain_, chain::broadcast{id, transaction, again});
  }

private:
  template <class Reply, class Request, class Answer, class Read>
  void ask(const char* what, Request request, chain_done<Answer> done, Read read) {
    caf::anon_send(client_, chain_question{[chain = chain_, what, request = std::move(request), done = std::move(done),
                                            read](chain_client_actor::pointer self) {
                     self->request(chain, answer_deadline, request)
                         .then([done, read](const Reply& reply) { done(read(reply)); },
                               [done, what](const caf::error& e) {
                                 const chain_error error{caf::to_string(e)};
                                 runtime::log_warn("chain_unread", {{"what", what}, {"why", error.message}});
                                 done(domain::failure{error});
                               });
                   }});
  }

  const chain_actor chain_;
  const chain_client_actor client_;
};

}  // namespace

std::unique_ptr<chain_gateway> make_actor_chain(caf::actor_system& system, chain_actor chain) {
  return std::make_unique<actor_chain>(system, std::move(chain));
}

}  // namespace landfall::executor::api
