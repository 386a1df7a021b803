#pragma once

#include <functional>
#include <future>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "common/json/reader.hpp"
#include "common/solana/keypair.hpp"
#include "common/solana/transaction.hpp"
#include "executor-service/api/api_server.hpp"
#include "tests/executor-service/api/deposit/fake_gateway.hpp"
#include "tests/support/actor_system_fixture.hpp"
#include "tests/support/fixtures.hpp"
#include "tests/support/scratch_database.hpp"

namespace landfall::executor::api {

struct answer {
  int status = 0;
  std::string body;
  json::value json;
  std::map<std::string, std::string> headers;

  [[nodiscard]] std::string text(std::string_view name) const {
    return std::string{json::as_string(json::find(json, name)).value_or("(none)")};
  }
  /// What a create call says of its deposit.
  [[nodiscard]] bool deposit_confirmed() const {
    return json::as_bool(json::find(json, "depositConfirmed")).value_or(false);
  }
};

/// An answer that may be still to come.
struct pending_answer {
  std::future<net::http_server_response> arrived;

  [[nodiscard]] answer get();
  [[nodiscard]] bool is_open() const;
};

using header_map = std::map<std::string, std::string>;

/// The API over a scratch database, a fake chain and fake prices. Requests go to the endpoints as the HTTP server
/// passes them on.
class api_fixture {
public:
  explicit api_fixture(std::function<void(config&)> adjust = {});

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

  landfall::tests::actor_system_fixture actors;
  landfall::tests::scratch_database database;
  landfall::tests::fixtures rows;
  std::shared_ptr<fake_gateway> chain = std::make_shared<fake_gateway>();
  std::shared_ptr<fake_prices> prices = std::make_shared<fake_prices>();
  std::shared_ptr<runtime::manual_clock> clock;
  std::shared_ptr<master_secret> master;

  /// Another process of the same service over the same rows.
  std::unique_ptr<api_server> another_server();

  std::unique_ptr<api_server> server;
  answer call_on(api_server& on, const std::string& method, const std::string& path, const std::string& body,
                 const header_map& headers);
  /// Does not wait.
  pending_answer start_on(api_server& on, const std::string& method, const std::string& path, const std::string& body,
                          const header_map& headers);

private:
  std::function<void(config&)> adjust_;
  std::vector<solana::keypair> wallets_;
  unsigned seeds_ = 0;
};

}  // namespace landfall::executor::api
