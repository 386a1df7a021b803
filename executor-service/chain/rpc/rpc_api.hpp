#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/domain/decimal.hpp"
#include "common/domain/result.hpp"
#include "common/domain/token_amount.hpp"
#include "common/solana/bytes.hpp"
#include "common/solana/pubkey.hpp"

namespace landfall::executor {

/// Which bank a node answers from.
enum class commitment : std::uint8_t { processed, confirmed, finalized };

[[nodiscard]] constexpr std::string_view to_string(commitment c) {
  constexpr std::array<std::string_view, 3> names{"processed", "confirmed", "finalized"};
  return names[static_cast<std::size_t>(c)];
}

/// Why a node gave no usable answer. None of these says anything about whether a transaction landed, will land, or
/// about whether an account exists.
struct rpc_error {
  enum class kind : std::uint8_t {
    unreachable,   ///< no connection, or it broke: what was sent may have been acted on
    timeout,       ///< no answer in time: likewise
    rate_limited,  ///< HTTP 429, or not sent for our own limiter of the host (`http_status` 0)
    server,        ///< any other HTTP status than 200 without a JSON-RPC error: `http_status`
    rpc,           ///< a JSON-RPC error: `code`, `message`, `data`
    malformed,     ///< an answer that is not what the method answers
  };
  kind what = kind::malformed;
  /// For people. Names neither the URL nor its keys.
  std::string message;
  int http_status = 0;
  std::int64_t code = 0;
  /// JSON; empty if there was none.
  std::string data;
  std::optional<std::uint64_t> retry_after_ms;

  /// The node did not judge the request itself: the very same may be asked again, here or elsewhere. False only for a
  /// verdict of the node (bad parameters, a simulation that fails), and even that is no proof about the chain.
  [[nodiscard]] bool proves_nothing() const noexcept;
  /// The node has executed this very transaction already; good news for a sender.
  [[nodiscard]] bool already_processed() const noexcept;
  /// The node does not know the blockhash: too old, or the node is behind. Not a proof of expiry.
  [[nodiscard]] bool blockhash_not_found() const noexcept;
  /// The node's simulation before sending failed (-32002).
  [[nodiscard]] bool preflight_failed() const noexcept;
  /// The node is behind the slot that was asked for (-32016).
  [[nodiscard]] bool behind_min_slot() const noexcept;
  /// The node itself says that it is behind (-32005).
  [[nodiscard]] bool node_unhealthy() const noexcept;
};

[[nodiscard]] std::string_view to_string(rpc_error::kind kind) noexcept;

template <class T>
using rpc_result = domain::result<T, rpc_error>;
template <class T>
using rpc_done = std::function<void(rpc_result<T>)>;

/// Slot and height of one bank. `block_height` ≤ `absolute_slot`.
struct epoch_view {
  std::uint64_t absolute_slot = 0;
  std::uint64_t block_height = 0;
};

struct latest_blockhash_view {
  std::uint64_t context_slot = 0;
  solana::blockhash hash;
  std::uint64_t last_valid_block_height = 0;
};

struct send_options {
  bool skip_preflight = true;
  commitment preflight_commitment = commitment::confirmed;
  std::optional<std::uint64_t> min_context_slot = {};
};

struct account_info {
  std::uint64_t lamports = 0;
  /// The program that owns it.
  solana::pubkey owner;
  solana::bytes data;
  bool executable = false;
};

struct accounts_view {
  std::uint64_t context_slot = 0;
  /// In the order asked; nothing where the account does not exist in that bank.
  std::vector<std::optional<account_info>> accounts;
};

struct simulate_options {
  commitment level = commitment::confirmed;
  std::optional<std::uint64_t> min_context_slot = {};
  /// Accounts to show as the transaction would leave them.
  std::vector<solana::pubkey> accounts = {};
  /// Excludes `replace_blockhash`.
  bool verify_signatures = false;
  bool replace_blockhash = false;
};

struct simulation {
  std::uint64_t context_slot = 0;
  /// JSON; nothing where it would succeed.
  std::optional<std::string> err;
  std::vector<std::string> logs;
  std::optional<std::uint64_t> units_consumed;
  /// In the order asked. Empty if it would fail and the node shows none.
  std::vector<std::optional<account_info>> accounts;
};

struct status_view {
  std::uint64_t slot = 0;
  commitment level = commitment::processed;
  /// JSON in one canonical spelling (no blanks); nothing where it succeeded.
  std::optional<std::string> err;
};

struct statuses_view {
  std::uint64_t context_slot = 0;
  /// In the order asked, exactly as many. Nothing: this backend, at this slot, does not know it.
  std::vector<std::optional<status_view>> statuses;
};

/// One transaction that names an account, as the node's index has it.
struct address_signature_view {
  solana::signature id;
  status_view status;
};

struct token_balance_entry {
  solana::pubkey account;
  solana::pubkey mint;
  /// Old records lack it.
  std::optional<solana::pubkey> owner;
  std::uint64_t amount = 0;
};

/// What a transaction did to one token account. An account that was not there, before or after, had 0.
struct token_change {
  solana::pubkey mint;
  std::uint64_t before = 0;
  std::uint64_t after = 0;

  [[nodiscard]] domain::int128 delta() const noexcept {
    return static_cast<domain::int128>(after) - static_cast<domain::int128>(before);
  }
};

struct transaction_view {
  std::uint64_t slot = 0;
  /// Unix seconds.
  std::optional<std::int64_t> block_time_s;
  /// JSON; nothing where it succeeded.
  std::optional<std::string> err;
  std::uint64_t fee_lamports = 0;
  /// Static, then looked-up writable, then looked-up readonly keys; both balance lists run along it.
  std::vector<solana::pubkey> keys;
  std::vector<std::uint64_t> pre_balances;
  std::vector<std::uint64_t> post_balances;
  std::vector<token_balance_entry> pre_token_balances;
  std::vector<token_balance_entry> post_token_balances;

  /// Nothing where the transaction shows no token balance of the account, or one of two mints.
  [[nodiscard]] std::optional<token_change> token_delta(const solana::pubkey& account) const;
};

struct priority_fee_sample {
  std::uint64_t slot = 0;
  std::uint64_t micro_lamports_per_unit = 0;
};

struct blockhash_validity {
  std::uint64_t context_slot = 0;
  bool valid = false;
};

inline constexpr std::size_t max_statuses_per_call = 256;
inline constexpr std::size_t max_accounts_per_call = 100;
inline constexpr std::size_t max_address_signatures_per_call = 1'000;
inline constexpr std::size_t max_fee_accounts_per_call = 128;

/// One Solana node's JSON-RPC, as typed calls. Each `done` is called exactly once, never before the call returns, on a
/// thread of the net pool: do not block in it. The `_sync` forms wait; they are for tools and tests, never for a thread
/// of that pool or an actor that is not detached.
class rpc_api {
public:
  virtual ~rpc_api() = default;

  /// For logs, metrics and certificates; not the URL, which may hold a key.
  [[nodiscard]] virtual const std::string& name() const noexcept = 0;

  /// Whether the host's limiter has room for a read that is only nice to have.
  [[nodiscard]] virtual bool has_spare() const {
    return true;
  }

  virtual void epoch_info(commitment level, rpc_done<epoch_view> done) = 0;
  virtual void latest_blockhash(commitment level, rpc_done<latest_blockhash_view> done) = 0;
  /// The signature is the transaction's first one, and says only that this node took it for forwarding.
  virtual void send_transaction(solana::bytes transaction, send_options options, rpc_done<solana::signature> done) = 0;
  virtual void simulate(solana::bytes transaction, simulate_options options, rpc_done<simulation> done) = 0;
  /// At most `max_statuses_per_call`.
  virtual void signature_statuses(std::vector<solana::signature> signatures, bool search_history,
                                  rpc_done<statuses_view> done) = 0;
  /// Newest first, of all at `confirmed` or better, the first `max_address_signatures_per_call` that are older than
  /// `before`.
  virtual void address_signatures(solana::pubkey account, std::optional<solana::signature> before,
                                  std::optional<std::uint64_t> min_context_slot,
                                  rpc_done<std::vector<address_signature_view>> done) = 0;
  /// At most `max_accounts_per_call`.
  virtual void accounts(std::vector<solana::pubkey> keys, commitment level,
                        std::optional<std::uint64_t> min_context_slot, rpc_done<accounts_view> done) = 0;
  /// `confirmed` or `finalized`. Nothing: unknown here, not yet at that level, or pruned.
  virtual void transaction(solana::signature id, commitment level, rpc_done<std::optional<transaction_view>> done) = 0;
  /// Lamports.
  virtual void minimum_balance_for_rent_exemption(std::uint64_t space_bytes, rpc_done<std::uint64_t> done) = 0;
  /// At most `max_fee_accounts_per_call`.
  virtual void recent_prioritization_fees(std::vector<solana::pubkey> writable_accounts,
                                          rpc_done<std::vector<priority_fee_sample>> done) = 0;
  virtual void is_blockhash_valid(solana::blockhash hash, commitment level,
                                  std::optional<std::uint64_t> min_context_slot, rpc_done<blockhash_validity> done) = 0;
  virtual void health(rpc_done<domain::done> done) = 0;
  virtual void genesis_hash(rpc_done<solana::blockhash> done) = 0;

  [[nodiscard]] rpc_result<epoch_view> epoch_info_sync(commitment level);
  [[nodiscard]] rpc_result<latest_blockhash_view> latest_blockhash_sync(commitment level);
  [[nodiscard]] rpc_result<solana::signature> send_transaction_sync(solana::bytes transaction, send_options options);
  [[nodiscard]] rpc_result<simulation> simulate_sync(solana::bytes transaction, simulate_options options);
  [[nodiscard]] rpc_result<statuses_view> signature_statuses_sync(std::vector<solana::signature> signatures,
                                                                  bool search_history);
  [[nodiscard]] rpc_result<accounts_view> accounts_sync(std::vector<solana::pubkey> keys, commitment level,
                                                        std::optional<std::uint64_t> min_context_slot = {});
  [[nodiscard]] rpc_result<std::optional<transaction_view>> transaction_sync(solana::signature id, commitment level);
  [[nodiscard]] rpc_result<std::uint64_t> minimum_balance_for_rent_exemption_sync(std::uint64_t space_bytes);
  [[nodiscard]] rpc_result<std::vector<priority_fee_sample>> recent_prioritization_fees_sync(
      std::vector<solana::pubkey> writable_accounts);
  [[nodiscard]] rpc_result<blockhash_validity> is_blockhash_valid_sync(
      solana::blockhash hash, commitment level, std::optional<std::uint64_t> min_context_slot = {});
  [[nodiscard]] rpc_result<domain::done> health_sync();
  [[nodiscard]] rpc_result<solana::blockhash> genesis_hash_sync();
};

}  // namespace landfall::executor
