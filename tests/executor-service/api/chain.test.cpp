#include "executor-service/api/chain.hpp"

#include <doctest/doctest.h>

#include <map>
#include <string>
#include <utility>

namespace landfall::executor::api {
namespace {

rpc_error down() {
  rpc_error error;
  error.what = rpc_error::kind::unreachable;
  error.message = "down";
  return error;
}

/// An endpoint that knows some signatures, refuses history if told to, or answers nothing at all.
class fake_endpoint final : public rpc_api {
public:
  bool up = true;
  bool has_history = true;
  std::map<solana::signature, status_view> known;
  std::size_t sent = 0;
  std::size_t asked = 0;

  explicit fake_endpoint(std::string name) : name_(std::move(name)) {}

  [[nodiscard]] const std::string& name() const noexcept override {
    return name_;
  }
  void latest_blockhash(commitment level, rpc_done<latest_blockhash_view> done) override {
    CHECK(level == commitment::confirmed);
    if (up)
      done(latest_blockhash_view{7, {}, 157});
    else
      done(domain::failure{down()});
  }
  void send_transaction(solana::bytes, send_options, rpc_done<solana::signature> done) override {
    ++sent;
    done(domain::failure{down()});
  }
  void signature_statuses(std::vector<solana::signature> signatures, bool search_history,
                          rpc_done<statuses_view> done) override {
    asked += signatures.size();
    if (!up)
      return done(domain::failure{down()});
    if (search_history && !has_history) {
      auto refused = down();
      refused.what = rpc_error::kind::rpc;
      refused.code = -32011;
      return done(domain::failure{refused});
    }
    statuses_view view;
    for (const auto& id : signatures) {
      const auto found = known.find(id);
      view.statuses.push_back(found == known.end() ? std::nullopt : std::optional{found->second});
    }
    done(std::move(view));
  }
  void address_signatures(solana::pubkey, std::optional<solana::signature>, std::optional<std::uint64_t>,
                          rpc_done<std::vector<address_signature_view>> done) override {
    done(domain::failure{down()});
  }
  void accounts(std::vector<solana::pubkey>, commitment level, std::optional<std::uint64_t> min_context_slot,
                rpc_done<accounts_view> done) override {
    CHECK(level == commitment::confirmed);
    if (!up || min_context_slot > 100U)
      return done(domain::failure{down()});
    done(accounts_view{100, {std::nullopt}});
  }
  void minimum_balance_for_rent_exemption(std::uint64_t space_bytes, rpc_done<std::uint64_t> done) override {
    CHECK(space_bytes == 165);
    if (up)
      done(std::uint64_t{2'039'280});
    else
      done(domain::failure{down()});
  }

  void epoch_info(commitment, rpc_done<epoch_view> done) override {
    done(domain::failure{down()});
  }
  void simulate(solana::bytes, simulate_options, rpc_done<simulation> done) override {
    done(domain::failure{down()});
  }
  void transaction(solana::signature, commitment, rpc_done<std::optional<transaction_view>> done) override {
    done(domain::failure{down()});
  }
  void recent_prioritization_fees(std::vector<solana::pubkey>,
                                  rpc_done<std::vector<priority_fee_sample>> done) override {
    done(domain::failure{down()});
  }
  void is_blockhash_valid(solana::blockhash, commitment, std::optional<std::uint64_t>,
                          rpc_done<blockhash_validity> done) override {
    done(domain::failure{down()});
  }
  void health(rpc_done<domain::done> done) override {
    done(domain::failure{down()});
  }
  void genesis_hash(rpc_done<solana::blockhash> done) override {
    done(domain::failure{down()});
  }

private:
  std::string name_;
};

solana::signature signature_of(std::uint8_t fill) {
  std::array<std::uint8_t, 64> raw{};
  raw.fill(fill);
  return solana::signature{raw};
}

struct two_endpoints {
  std::shared_ptr<fake_endpoint> first = std::make_shared<fake_endpoint>("rpc0");
  std::shared_ptr<fake_endpoint> second = std::make_shared<fake_endpoint>("rpc1");
  std::unique_ptr<chain_gateway> chain = make_rpc_chain({first, second});
};

TEST_SUITE("chain") {
  TEST_CASE("reads go on to the next endpoint, and fail only when all do") {
    two_endpoints e;
    e.first->up = false;
    CHECK(e.chain->latest_blockhash()->last_valid_block_height == 157);
    CHECK(*e.chain->token_account_rent() == 2'039'280);
    CHECK(e.chain->account({}, 100).ok());
    CHECK_FALSE(e.chain->account({}, 101).ok());
    e.second->up = false;
    CHECK_FALSE(e.chain->latest_blockhash().ok());
    CHECK_FALSE(e.chain->token_account_rent().ok());
    CHECK_FALSE(e.chain->statuses({signature_of(1)}, false).ok());
  }

  TEST_CASE("a deposit goes to every endpoint, whatever the others say") {
    two_endpoints e;
    e.chain->broadcast({1}, signature_of(1));
    CHECK(e.first->sent == 1);
    CHECK(e.second->sent == 1);
  }

  TEST_CASE("what one endpoint does not know the next one is asked") {
    two_endpoints e;
    e.first->known[signature_of(1)] = {50, commitment::confirmed, std::nullopt};
    e.first->known[signature_of(2)] = {60, commitment::processed, std::nullopt};
    e.second->known[signature_of(2)] = {61, commitment::finalized, "\"AccountInUse\""};
    const auto seen = e.chain->statuses({signature_of(1), signature_of(2), signature_of(3)}, false);
    REQUIRE(seen.ok());
    CHECK(seen->at(0)->confirmed);
    CHECK(seen->at(0)->slot == 50);
    CHECK(seen->at(1)->confirmed);
    CHECK(seen->at(1)->slot == 61);
    CHECK(seen->at(1)->err == "\"AccountInUse\"");
    CHECK_FALSE(seen->at(2).has_value());
    CHECK(e.second->asked == 2);
  }

  TEST_CASE("processed is not confirmed") {
    two_endpoints e;
    e.first->known[signature_of(1)] = {50, commitment::processed, std::nullopt};
    const auto seen = e.chain->statuses({signature_of(1)}, false);
    REQUIRE(seen.ok());
    CHECK_FALSE(seen->at(0)->confirmed);
  }

  TEST_CASE("an endpoint without history is asked for what it remembers") {
    two_endpoints e;
    e.second->up = false;
    e.first->has_history = false;
    e.first->known[signature_of(1)] = {50, commitment::confirmed, std::nullopt};
    const auto seen = e.chain->statuses({signature_of(1)}, true);
    REQUIRE(seen.ok());
    CHECK(seen->at(0)->confirmed);
  }
}

}  // namespace
}  // namespace landfall::executor::api
