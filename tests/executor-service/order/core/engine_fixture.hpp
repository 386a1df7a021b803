#pragma once

#include <doctest/doctest.h>

#include <optional>
#include <string>
#include <vector>

#include "executor-service/order/core/engine.hpp"
#include "tests/executor-service/order/core/example_order.hpp"

namespace landfall::executor::tests {

using domain::order_state;
using strings = std::vector<std::string>;

inline constexpr std::uint64_t output_amount = 225'000'000;

inline std::string name_of(const order_write& w) {
  struct {
    std::string operator()(const write::transition& m) const {
      return "move " + std::string{to_string(m.to)};
    }
    std::string operator()(const write::insert_attempt& i) const {
      return "store " + std::string{to_string(i.what.kind)};
    }
    std::string operator()(const write::mark_broadcast&) const {
      return "mark";
    }
    std::string operator()(const write::confirm&) const {
      return "confirm";
    }
    std::string operator()(const write::unconfirm&) const {
      return "unconfirm";
    }
    std::string operator()(const write::resolve& r) const {
      return "resolve " + std::string{to_string(r.outcome)};
    }
    std::string operator()(const write::record_fill&) const {
      return "fill";
    }
    std::string operator()(const write::release&) const {
      return "release";
    }
  } name;
  return std::visit(name, w);
}

/// "commit store payout, move withdrawing", "broadcast again", "timer 1000", …; empty for what people are told.
inline std::string name_of(const order_effect& e) {
  struct {
    std::string operator()(const effects::commit& c) const {
      std::string all = "commit";
      for (const auto& w : c.writes)
        all += (&w == &c.writes.front() ? " " : ", ") + name_of(w);
      return all;
    }
    std::string operator()(const effects::mark_broadcast&) const {
      return "mark";
    }
    std::string operator()(const effects::read_deposit&) const {
      return "read deposit";
    }
    std::string operator()(const effects::read_balance&) const {
      return "read balance";
    }
    std::string operator()(const effects::read_swap&) const {
      return "read swap";
    }
    std::string operator()(const effects::read_fee&) const {
      return "read fee";
    }
    std::string operator()(const effects::watch&) const {
      return "watch";
    }
    std::string operator()(const effects::unwatch&) const {
      return "unwatch";
    }
    std::string operator()(const effects::search_history&) const {
      return "search history";
    }
    std::string operator()(const effects::broadcast& b) const {
      return b.again ? "broadcast again" : "broadcast";
    }
    std::string operator()(const effects::submit& s) const {
      return s.again ? "submit again" : "submit";
    }
    std::string operator()(const effects::acquire_permit&) const {
      return "acquire permit";
    }
    std::string operator()(const effects::release_permit&) const {
      return "release permit";
    }
    std::string operator()(const effects::build& b) const {
      return "build " + std::string{to_string(b.kind)};
    }
    std::string operator()(const effects::timer& t) const {
      const bool commit = std::holds_alternative<events::commit_retry>(t.then);
      return (commit ? "commit timer " : "timer ") + std::to_string(t.delay.count());
    }
    std::string operator()(const effects::finish&) const {
      return "finish";
    }
    std::string operator()(const effects::notice&) const {
      return {};
    }
    std::string operator()(const effects::attempt_signed&) const {
      return {};
    }
    std::string operator()(const effects::written&) const {
      return {};
    }
  } name;
  return std::visit(name, e);
}

/// An engine whose events and clock are the test's. The order has a payout to make.
struct engine_fixture {
  engine_fixture() {
    policy.resolution.endpoints_configured = 2;
    o = example_order(order_state::ready_withdraw_output);
    o.output_amount = domain::token_amount{output_amount};
    o.attempts = {example_attempt(attempt_kind::deposit, 1, attempt_outcome::landed),
                  example_attempt(attempt_kind::swap, 1, attempt_outcome::landed)};
  }
  engine_fixture(const engine_fixture&) = delete;
  engine_fixture& operator=(const engine_fixture&) = delete;

  static solana::signature signature(std::uint8_t n) {
    std::array<std::uint8_t, 64> raw{};
    raw.fill(n);
    return solana::signature{raw};
  }

  strings on(const order_event& e) {
    if (!engine)
      engine.emplace(o, policy);
    last = engine->on(e, now);
    strings names;
    for (const auto& effect : last) {
      if (const auto* timer = std::get_if<effects::timer>(&effect))
        if (const auto* tick = std::get_if<events::tick>(&timer->then))
          due = *tick;
      if (auto name = name_of(effect); !name.empty())
        names.push_back(std::move(name));
    }
    return names;
  }
  strings start() {
    return on(events::started{});
  }
  /// The engine's last timer comes due after its time.
  strings tick(domain::milliseconds after = domain::milliseconds{1'000}) {
    now += after;
    return on(due);
  }
  strings committed() {
    return on(events::committed{});
  }
  strings refused(commit_fault kind, const char* sqlstate = "") {
    return on(events::committed{commit_error{kind, sqlstate, "as told"}});
  }
  /// What endpoint `rpc<n>` says of `of`, past its life by default.
  strings observe(const attempt& of, int n, std::uint64_t height, std::optional<signature_status> status) {
    return on(events::observed{of.signature.value(), seen(n, height, std::move(status))});
  }
  static observation seen(int n, std::uint64_t height, std::optional<signature_status> status) {
    return {"rpc" + std::to_string(n), height, height, height + 31, true, std::move(status), {}};
  }
  strings balance(std::uint64_t amount, std::uint64_t slot = 1'000) {
    return on(events::balance_read{{"rpc0", slot, domain::token_amount{amount}}});
  }

  /// Signed by `signature(7)`, alive up to height 200.
  attempt signed_attempt(attempt_kind kind, int ordinal = 1) const {
    auto a = example_attempt(kind, ordinal);
    a.signature = signature(7);
    a.transaction = {1, 2, 3};
    a.last_valid_block_height = 200;
    a.signed_at = now;
    return a;
  }
  /// A payout is built, stored and sent.
  void pay_out() {
    start();
    on(events::permit_granted{});
    payout = signed_attempt(attempt_kind::payout);
    payout.order_account_balance = domain::token_amount{output_amount};
    on(events::built{built::ready{payout, {}}});
    committed();
    on(events::broadcast_marked{payout.id, true});
    on(events::submitted{});
  }

  template <class Effect>
  [[nodiscard]] const Effect* find() const {
    for (const auto& e : last)
      if (const auto* found = std::get_if<Effect>(&e))
        return found;
    return nullptr;
  }
  template <class Write>
  [[nodiscard]] const Write* written() const {
    if (const auto* commit = find<effects::commit>())
      for (const auto& w : commit->writes)
        if (const auto* found = std::get_if<Write>(&w))
          return found;
    return nullptr;
  }
  [[nodiscard]] bool noticed(effects::notice::kind what) const {
    for (const auto& e : last)
      if (const auto* n = std::get_if<effects::notice>(&e); n != nullptr && n->what == what)
        return true;
    return false;
  }
  [[nodiscard]] domain::milliseconds released_for() const {
    return std::chrono::duration_cast<domain::milliseconds>(written<write::release>()->until - now);
  }

  engine_policy policy;
  order o;
  domain::utc_time now = domain::from_unix_ms(10'000);
  std::optional<order_engine> engine;
  std::vector<order_effect> last;
  events::tick due;
  attempt payout;
};

}  // namespace landfall::executor::tests
