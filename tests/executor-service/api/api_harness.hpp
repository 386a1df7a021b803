#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "common/json/reader.hpp"
#include "common/solana/keypair.hpp"
#include "common/solana/transaction.hpp"
#include "executor-service/api/api.hpp"
#include "tests/support/fixtures.hpp"
#include "tests/support/scratch_database.hpp"

namespace landfall::executor::api {

/// A chain on which deposits land as a test wants it.
class fake_chain final : public chain_gateway {
public:
  enum class fate {
    lands,        ///< confirmed at once, and the order account is made
    vanishes,     ///< nobody ever hears of it
    fails,        ///< landed with an error
    goes_astray,  ///< confirmed, but the order account belongs to someone else
  };

  chain_result<latest_blockhash_view> latest_blockhash() override;
  chain_result<std::uint64_t> token_account_rent() override;
  chain_result<std::optional<account_info>> account(const solana::pubkey& key,
                                                    std::optional<std::uint64_t> min_context_slot) override;
  chain_result<std::vector<std::optional<deposit_status>>> statuses(const std::vector<solana::signature>& signatures,
                                                                    bool search_history) override;
  void broadcast(const solana::bytes& transaction, const solana::signature& id, bool again) override;

  void set_fate(fate f);
  /// Everything fails to be observed.
  void set_down(bool down);
  void set_account(const solana::pubkey& key, account_info account);
  /// Called with each broadcast, before anything comes of it.
  void on_broadcast(std::function<void(const solana::signature&)> hook);
  [[nodiscard]] std::size_t broadcasts() const;

private:
  mutable std::mutex mutex_;
  fate fate_ = fate::lands;
  bool down_ = false;
  std::size_t broadcasts_ = 0;
  std::function<void(const solana::signature&)> hook_;
  std::map<solana::signature, deposit_status> statuses_;
  std::map<solana::pubkey, account_info> accounts_;
};

class fake_prices final : public price_source {
public:
  domain::result<domain::decimal, std::string> price_usd(const std::string& feed_id) override;
  /// "" for none.
  void set(std::string price);

private:
  std::mutex mutex_;
  std::string price_ = "200";
};

struct answer {
  int status = 0;
  std::string body;
  json::value json;
  std::map<std::string, std::string> headers;

  [[nodiscard]] std::string text(std::string_view name) const {
    return std::string{json::as_string(json::find(json, name)).value_or("(none)")};
  }
};

using header_map = std::map<std::string, std::string>;

/// The API over a scratch database, a fake chain and fake prices. Requests go to the endpoints as the HTTP server hands
/// them over.
class api_harness {
public:
  explicit api_harness(std::function<void(config&)> adjust = {});

  answer call(const std::string& method, const std::string& path, const std::string& body = {},
              const header_map& headers = {});
  /// With a session of `wallet`.
  answer as(const solana::pubkey& wallet, const std::string& method, const std::string& path,
            const std::string& body = {}, header_map headers = {});

  /// A wallet with a registered vault.
  const solana::keypair& new_wallet();
  /// A session token without the challenge.
  [[nodiscard]] std::string session(const solana::pubkey& wallet) const;

  struct crafted {
    std::string request_id;
    std::string transaction;
    std::string order_account;
    std::string vault;
  };
  /// Crafts a deposit of 1 SOL for USDC.
  crafted craft(const solana::keypair& wallet);
  [[nodiscard]] static std::string sign(const std::string& transaction, const solana::keypair& key);
  /// The body of a create call for such a deposit, with a condition on SOL above 250 USD.
  [[nodiscard]] std::string create_body(const solana::keypair& wallet, const crafted& deposit,
                                        const std::string& price = "250");

  /// One value, or "" for null.
  std::string value(const std::string& sql, const std::string& parameter = {});

  landfall::tests::scratch_database database;
  landfall::tests::fixtures rows;
  std::shared_ptr<fake_chain> chain = std::make_shared<fake_chain>();
  std::shared_ptr<fake_prices> prices = std::make_shared<fake_prices>();
  std::shared_ptr<runtime::manual_clock> clock;
  std::shared_ptr<master_secret> master;

  /// Another process of the same service over the same rows.
  std::unique_ptr<api_server> another_server();

  std::unique_ptr<api_server> server;
  answer call_on(api_server& on, const std::string& method, const std::string& path, const std::string& body,
                 const header_map& headers);

private:
  std::function<void(config&)> adjust_;
  std::vector<solana::keypair> wallets_;
  unsigned seeds_ = 0;
};

}  // namespace landfall::executor::api
