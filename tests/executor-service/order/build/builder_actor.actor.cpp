// That each question of a build reaches whom it is for, and that each answer comes back to the plan.
#include "tests/executor-service/order/order_fixture.hpp"

namespace landfall::executor {

using namespace tests;

namespace {

struct builder_fixture : order_fixture {
  builder_fixture() {
    o.state = order_state::executing;
    o.attempts.resize(1);
    o.input_amount = domain::token_amount{1'000};
    j->accounts[o.order_account] = {2'039'280, solana::programs::token,
                                    landfall::tests::token_account_data(o.input.mint, o.vault, 1'000), false};
    with->policy.router_programs = {key(40)};
    with->router = system.spawn([this](router_actor::pointer) -> router_actor::behavior_type {
      return {[this](const route_request& request) {
                routes.push_back(request);
                route found;
                found.offer.out_amount = domain::token_amount{500};
                found.instructions.swap = {key(40), {solana::readonly_signer(o.vault)}, {1}};
                return route_reply{std::make_shared<const route>(std::move(found)), {}};
              },
              [](const route_arrived&) {}};
    });
    with->maker = system.spawn([this](maker_actor::pointer) -> maker_actor::behavior_type {
      return {[this](const maker::quote_request& request) {
                quotes.push_back(request.what);
                return maker::offers{std::make_shared<const maker_offer>(
                    maker_offer{"maker.example", {o.vault, domain::token_amount{501}, {}}})};
              },
              [](const maker::submit&) {}, [](const maker::arrived&) {}};
    });
  }
  ~builder_fixture() {
    kill(with->router, with->maker);
  }

  built_result build(attempt_kind kind) {
    std::shared_ptr<const built_result> result;
    const auto builder = spawn_builder(system, o, kind, with);
    const auto asker = system.spawn([&](caf::event_based_actor* self) {
      self->request(builder, caf::infinite, build_request{}).then([&](const build_reply& reply) {
        result = reply.result;
      });
    });
    run();
    REQUIRE(result);
    return *result;
  }

  std::vector<route_request> routes;
  std::vector<maker_quote_request> quotes;
};

}  // namespace

TEST_CASE("a swap's questions reach chain, router and makers") {
  builder_fixture f;
  int simulations = 0;
  f.j->before_simulation = [&] { ++simulations; };
  // A maker that names the vault as its own key is left; then the simulation shows no accounts.
  const auto result = f.build(attempt_kind::swap);
  REQUIRE(std::holds_alternative<built::later>(result));
  CHECK(std::get<built::later>(result).reason == "not_simulated");
  CHECK(simulations == 1);
  REQUIRE(f.routes.size() == 1);
  CHECK(f.routes.front().what.amount == f.o.input_amount);
  CHECK(f.routes.front().how.destination_token_account == f.o.output_account);
  REQUIRE(f.quotes.size() == 1);
  CHECK(f.quotes.front().taker == f.o.vault);
}

TEST_CASE("a refund is signed by fee payer and vault, under a fresh blockhash") {
  builder_fixture f;
  f.o.state = order_state::ready_expire;
  const auto result = f.build(attempt_kind::refund);
  REQUIRE(std::holds_alternative<built::ready>(result));
  const auto& a = std::get<built::ready>(result).what;
  const auto tx = solana::parse_transaction(a.transaction);
  REQUIRE(tx.ok());
  CHECK(solana::verify_signatures(*tx).ok());
  CHECK(a.signature == tx->id());
  CHECK(tx->body.static_keys.front() == f.with->fee_payer);
  CHECK(tx->body.recent_blockhash == a.blockhash);
  CHECK(a.last_valid_block_height == 200);
  CHECK(a.signed_at == f.clock->now());
  CHECK(a.expected_input == f.o.input_amount);
}

TEST_CASE("a simulation's error and a question without answer come back as what they are") {
  builder_fixture f;
  f.o.state = order_state::ready_expire;
  f.j->simulation_fails = true;
  const auto failed = f.build(attempt_kind::refund);
  REQUIRE(std::holds_alternative<built::refused>(failed));
  CHECK(std::get<built::refused>(failed).reason == "simulation_failed");
  anon_send_exit(f.with->signer, caf::exit_reason::kill);
  f.run();
  f.j->simulation_fails = false;
  const auto unsigned_one = f.build(attempt_kind::refund);
  REQUIRE(std::holds_alternative<built::later>(unsigned_one));
  CHECK(std::get<built::later>(unsigned_one).reason == "signer_unreachable");
}

}  // namespace landfall::executor
