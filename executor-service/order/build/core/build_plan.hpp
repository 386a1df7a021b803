#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "executor-service/order/build/core/build_question.hpp"
#include "executor-service/order/build/core/build_result.hpp"
#include "executor-service/order/build/core/guard.hpp"
#include "executor-service/order/build/core/instructions.hpp"
#include "executor-service/order/core/order.hpp"

namespace landfall::executor {

/// Bounds of what is built.
struct build_policy {
  /// For orders whose slippage is automatic.
  int automatic_slippage_bps = 100;
  /// Below this the fee payer signs nothing new.
  std::uint64_t min_fee_payer_lamports = 20'000'000;
  /// Fees and rent that one swap may cost the fee payer.
  std::uint64_t max_fee_payer_outlay_lamports = 10'000'000;
  /// Highest rent that an endpoint is believed; a token account's has been 2,039,280 for years.
  std::uint64_t max_token_account_rent_lamports = 4'000'000;
  /// Programs that the router's instructions may call.
  std::vector<solana::pubkey> router_programs;
};

/// What a build starts from.
struct build_setup {
  order o;
  attempt_kind kind = attempt_kind::swap;
  /// The new attempt's. Makers are asked under it.
  domain::attempt_id id;
  solana::pubkey fee_payer;
  bool has_makers = false;
  build_policy policy;
};

/// Something to log or count; nothing is decided by it.
namespace build_event {

/// The fee payer's balance, as the first read shows it.
struct fee_payer_read {
  std::uint64_t lamports = 0;
};
/// A maker's better offer could not be used; the router's route is next. `reason` is a stable code.
struct maker_left {
  std::string maker;
  std::string reason;
  std::string detail;
};

}  // namespace build_event

struct build_step {
  /// To be asked now, in this order and all at once. Empty while an earlier question is open.
  std::vector<build_question> ask;
  std::vector<std::variant<build_event::fee_payer_read, build_event::maker_left>> events;
  /// The end of the build. Later answers change nothing.
  std::optional<built_result> result;
};

/// How many accounts one question may name.
inline constexpr std::size_t max_accounts_per_question = 100;

/// Builds one transaction, question by question, without I/O: each answer gives the next questions or the result. Here
/// are the steps that swaps and payments share: accounts, fee payer's minimum, fee estimate, blockhash, simulation,
/// compute unit limit, signature.
class build_plan {
public:
  explicit build_plan(build_setup setup);
  virtual ~build_plan() = default;
  build_plan(const build_plan&) = delete;
  build_plan& operator=(const build_plan&) = delete;

  /// The first questions.
  [[nodiscard]] build_step start();
  /// An answer to a question that is open.
  [[nodiscard]] build_step take(build_answer given);
  /// A question got no answer, which proves nothing: the build is tried again later.
  template <class Question>
  [[nodiscard]] build_step unanswered(std::string detail) {
    if constexpr (std::same_as<Question, question::offers>)
      return take(answer::offers{});
    else
      return give_up(Question::unanswered, std::move(detail));
  }

protected:
  /// The accounts that every build reads, in this order.
  enum account_index : std::size_t { order_account_at, output_account_at, vault_token_account_at, fee_payer_at };

  // What swaps and payments do differently.

  /// `accounts` were read, and the fee payer holds its minimum.
  virtual void on_accounts() = 0;
  [[nodiscard]] virtual std::vector<solana::instruction> instructions() const = 0;
  /// Before it is simulated and once more before it is signed.
  [[nodiscard]] virtual guard_result check_message(const solana::message& message) const = 0;
  /// A simulation that succeeded. False: the build has ended.
  [[nodiscard]] virtual bool accepts(const answer::simulation&) {
    return true;
  }
  /// Who signs first and pays the fee instead of our fee payer.
  [[nodiscard]] virtual std::optional<solana::pubkey> maker() const {
    return std::nullopt;
  }
  virtual void complete(built::ready&) const {}
  virtual void refuse(std::string reason, std::string detail = {});

  // Answers that only a swap asks for.
  virtual void on(const answer::route&) {}
  virtual void on(const answer::offers&) {}
  virtual void on(const answer::rent&) {}
  virtual void on(const answer::lookup_tables&) {}

  // Steps to go on with.

  /// All of `keys` from one bank, no older than what was seen before.
  void read_accounts();
  void estimate_fee();
  /// What is built next is simulated anew.
  void start_over();
  void ask(build_question what) {
    x_step.ask.push_back(std::move(what));
  }
  void later(std::string reason, std::string detail = {});
  void finish(built_result result);
  void report(build_event::maker_left event) {
    x_step.events.emplace_back(std::move(event));
  }

  /// What a token account of the vault's holds; no amount where it is none.
  [[nodiscard]] token_balance balance_at(account_index at, const token& t) const;
  /// A message of ours: signed by fee payer and vault, made of the instructions of this build.
  [[nodiscard]] compiled_policy message_policy() const;

  build_setup x_setup;
  /// The vault's own token account of the input mint.
  solana::pubkey x_vault_token_account;
  /// Read before the transaction is made, and shown by its simulation.
  std::vector<solana::pubkey> x_keys;
  answer::accounts x_accounts;
  std::vector<solana::address_lookup_table> x_tables;
  fee_settings x_fees;

private:
  void on(const answer::accounts& read);
  void on(const answer::fee& estimate);
  void on(const answer::blockhash& fresh);
  void on(const answer::simulation& seen);
  void on(const answer::signature& given);
  [[nodiscard]] build_step give_up(std::string reason, std::string detail);
  [[nodiscard]] bool fee_payer_holds_minimum();
  void compile();
  void simulate(const solana::message& message);

  build_step x_step;
  bool x_ended = false;
  std::vector<solana::instruction> x_instructions;
  answer::blockhash x_hash;
  bool x_simulated = false;
};

}  // namespace landfall::executor
