#include <doctest/doctest.h>

#include <atomic>
#include <filesystem>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "common/net/http_client.hpp"
#include "common/net/http_server.hpp"
#include "tests/executor-service/api/api_fixture.hpp"
#include "tests/support/answer_of.hpp"
#include "tests/support/reserved_port.hpp"

namespace landfall::executor::api {
namespace {

constexpr int workers = 4;
constexpr int max_queued = 100;
constexpr int clients = 500;

void eventually(const char* what, const std::function<bool()>& holds) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::minutes{2};
  while (!holds()) {
    REQUIRE_MESSAGE(std::chrono::steady_clock::now() < end, what);
    std::this_thread::sleep_for(std::chrono::milliseconds{5});
  }
}

/// Holds the table `vault` locked: every statement that reads it hangs until `release`.
class slow_table {
public:
  explicit slow_table(api_fixture& api) : connection_(api.database.connect_as_admin()), work_(*connection_) {
    work_.exec("lock table vault in access exclusive mode");
  }
  void release() {
    work_.commit();
  }

private:
  std::unique_ptr<pqxx::connection> connection_;
  pqxx::work work_;
};

std::size_t hanging_statements(api_fixture& api) {
  return std::stoul(
      api.value("select count(*) from pg_stat_activity where application_name = 'api-test' and "
                "wait_event_type = 'Lock'"));
}

std::size_t threads_of_this_process() {
  const std::filesystem::directory_iterator threads{"/proc/self/task"};
  return static_cast<std::size_t>(std::distance(begin(threads), end(threads)));
}

void small_pool(config& c) {
  c.workers = workers;
  c.max_queued = max_queued;
  c.wallet_limit = {.per_second = 1'000'000, .burst = 1'000'000};
  c.address_limit = c.wallet_limit;
  c.database.statement_timeout_ms = 120'000;
}

/// The API behind a real HTTP server, and a client that counts what it is answered.
struct http_load {
  explicit http_load(api_fixture& api) : server("127.0.0.1", port.number()), client(port.url()) {
    server.route("GET", "/readyz", [](net::http_server_request, net::http_reply reply) { reply({200, "{}"}); });
    api.server->register_routes(server);
    REQUIRE(server.open().ok());
  }

  /// Sends it now; counts the answer when it comes.
  void send(const std::string& path, const std::string& token) {
    client.request(request("GET", path, token), [this](net::http_result result) {
      const std::lock_guard lock{mutex};
      ++answered[result ? result->status : 0];
      if (result && result->status == 503 && result->headers.contains("retry-after"))
        ++with_retry_after;
    });
  }
  int answers(int status) {
    const std::lock_guard lock{mutex};
    return answered[status];
  }
  int all_answers() {
    const std::lock_guard lock{mutex};
    int sum = 0;
    for (const auto& [status, count] : answered)
      sum += count;
    return sum;
  }
  int status_of(const std::string& method, const std::string& path) {
    const auto result = landfall::tests::answer_of(client, &net::http_client::request, request(method, path, ""));
    return result ? result->status : 0;
  }
  static net::http_request request(const std::string& method, const std::string& path, const std::string& token) {
    net::http_request r;
    r.method = method;
    r.path_and_query = path;
    r.timeout_ms = 120'000;
    if (!token.empty())
      r.headers["Authorization"] = "Bearer " + token;
    return r;
  }

  test::reserved_port port;
  std::mutex mutex;
  std::map<int, int> answered;
  int with_retry_after = 0;
  net::http_server server;
  net::http_client client;
};

TEST_SUITE("api_server under load") {
  TEST_CASE("500 clients and a database that hangs: all are answered, at the bound with 503, the rest not disturbed") {
    api_fixture api{small_pool};
    http_load load{api};
    const auto token = api.session(*solana::pubkey::parse(landfall::tests::address_of(9)));
    // Every thread that one request needs is there before threads are counted.
    REQUIRE(load.status_of("GET", "/readyz") == 200);
    load.send("/trigger/v2/vault", token);
    eventually("the first answer", [&] { return load.answers(404) == 1; });

    slow_table vaults{api};
    for (int i = 0; i < workers; ++i)
      load.send("/trigger/v2/vault", token);
    eventually("every database actor hangs", [&] { return hanging_statements(api) == workers; });
    const auto threads = threads_of_this_process();
    for (int i = workers; i < clients; ++i)
      load.send("/trigger/v2/vault", token);
    eventually("what is over the bound is refused",
               [&] { return load.answers(503) == clients - workers - max_queued; });
    CHECK(load.with_retry_after == load.answers(503));

    // What needs no database is answered while all others still wait.
    CHECK(load.status_of("GET", "/readyz") == 200);
    CHECK(load.status_of("GET", "/trigger/v2/vault") == 401);
    CHECK(load.status_of("PATCH", "/trigger/v2/orders/price/01234567-89ab-cdef-0123-456789abcdef") == 404);
    CHECK(load.all_answers() == 1 + clients - workers - max_queued);
    CHECK(hanging_statements(api) == workers);
    CHECK(threads_of_this_process() <= threads);

    vaults.release();
    eventually("every client is answered", [&] { return load.all_answers() == 1 + clients; });
    CHECK(load.answers(404) == 1 + workers + max_queued);
    CHECK(load.answers(503) == clients - workers - max_queued);
    load.server.close(std::chrono::seconds{10});
  }

  TEST_CASE("one hanging statement delays no request that another database actor can serve") {
    api_fixture api{[](config& c) {
      small_pool(c);
      c.workers = 2;
    }};
    const auto wallet = *solana::pubkey::parse(landfall::tests::address_of(9));
    const header_map session{{"authorization", "Bearer " + api.session(wallet)}};
    slow_table vaults{api};
    auto hanging = api.start_on(*api.server, "GET", "/vault", "", session);
    eventually("one database actor hangs", [&] { return hanging_statements(api) == 1; });
    std::vector<pending_answer> others;
    for (int i = 0; i < 50; ++i)
      others.push_back(api.start_on(*api.server, "GET", "/orders/history", "", session));
    for (auto& other : others)
      CHECK(other.get().status == 200);
    CHECK(hanging.is_open());
    vaults.release();
    CHECK(hanging.get().status == 404);
  }

  TEST_CASE("a create call that waits for its deposit holds no database actor") {
    api_fixture api{[](config& c) { c.workers = 1; }};
    const auto& key = api.new_wallet();
    const header_map session{{"authorization", "Bearer " + api.session(key.public_key())}};
    const auto body = api.create_body(key, api.craft(key));
    api.chain->set_deposit_end(fake_gateway::deposit_end::never_lands);
    auto waiting = api.start_on(*api.server, "POST", "/orders/price", body, session);
    eventually("the deposit is sent", [&] { return api.chain->broadcasts() == 1; });
    CHECK(api.as(key.public_key(), "GET", "/vault").status == 200);
    CHECK(waiting.is_open());
    api.chain->set_deposit_end(fake_gateway::deposit_end::lands);
    eventually("the deposit is sent again and lands", [&] { return !waiting.is_open(); });
    CHECK(waiting.get().deposit_confirmed());
  }

  TEST_CASE("a craft call that waits for Solana holds no database actor") {
    api_fixture api{[](config& c) { c.workers = 1; }};
    const auto& key = api.new_wallet();
    const header_map session{{"authorization", "Bearer " + api.session(key.public_key())}};
    api.chain->set_silent(true);
    auto waiting = std::async(std::launch::async, [&] { return api.craft(key); });
    eventually("Solana is asked", [&] { return api.chain->unanswered() == 1; });
    CHECK(api.as(key.public_key(), "GET", "/vault").status == 200);
    CHECK(api.value("select count(*) from deposit_request") == "0");
    api.chain->set_silent(false);
    CHECK_FALSE(waiting.get().request_id.empty());
    CHECK(api.value("select count(*) from deposit_request") == "1");
  }
}

}  // namespace
}  // namespace landfall::executor::api
