#include "executor-service/chain/rpc/rpc_endpoint.hpp"

#include <atomic>
#include <set>
#include <span>
#include <utility>

#include "common/json/reader.hpp"
#include "common/json/writer.hpp"
#include "common/net/limited_client.hpp"
#include "common/solana/base64.hpp"
#include "common/solana/transaction.hpp"
#include "executor-service/chain/rpc/parse.hpp"

namespace landfall::executor {

using domain::failure;
using json::as_string;
using json::as_u64;

namespace {

void write_min_slot(json::writer& w, const std::optional<std::uint64_t>& min_context_slot) {
  if (min_context_slot)
    w.member("minContextSlot", *min_context_slot);
}

void write_keys(json::writer& w, std::span<const solana::pubkey> keys) {
  w.begin_array();
  for (const auto& key : keys)
    w.string(key.to_string());
  w.end_array();
}

/// Where the path of a URL begins, or its end.
std::size_t path_at(const std::string& url) {
  const auto scheme = url.find("://");
  const auto at = url.find_first_of("/?", scheme == std::string::npos ? 0 : scheme + 3);
  return at == std::string::npos ? url.size() : at;
}

}  // namespace

std::optional<std::string> same_node(const std::vector<std::string>& urls) {
  std::set<std::string> known;
  for (const auto& url : urls) {
    const auto node = net::host_and_port(url);
    if (!node)
      return "an endpoint is no URL";
    if (!known.insert(*node).second)
      return *node + " is named twice: one node counts once in a quorum";
  }
  return std::nullopt;
}

struct rpc_endpoint::impl {
  impl(std::string n, const std::string& url, const rpc_options& o)
      : name(std::move(n)),
        options(o),
        path(url.substr(path_at(url))),
        client(url.substr(0, path_at(url)), {.max_in_flight = o.max_in_flight}, o.limiter) {
    if (!path.starts_with('/'))
      path.insert(0, "/");
  }

  /// Posts a call. `write_params` writes the elements of the parameter list, `read` checks the result.
  template <class T, class Write, class Read>
  void call(net::purpose what, std::string_view method, rpc_done<T> done, Write write_params, Read read) {
    const auto id = ++last_id;
    json::writer w;
    w.begin_object().member("jsonrpc", "2.0").member("id", id).member("method", std::string{method});
    w.key("params").begin_array();
    write_params(w);
    w.end_array().end_object();
    net::http_request request;
    request.method = "POST";
    request.path_and_query = path;
    request.headers["Content-Type"] = "application/json";
    request.body = w.take();
    request.timeout_ms = options.timeout_ms;
    request.max_response_bytes = options.max_response_bytes;
    client.request(options.purpose.value_or(what), std::move(request),
                   [id, done = std::move(done), read](net::http_result reply) {
                     const auto result = result_of(reply, id);
                     if (!result)
                       return done(failure{result.error()});
                     parsed<T> value = read(*result);
                     if (!value)
                       return done(failure{error_of(rpc_error::kind::malformed, value.error().what)});
                     done(std::move(value).value());
                   });
  }

  std::string name;
  rpc_options options;
  std::string path;
  std::atomic<std::uint64_t> last_id{0};
  net::limited_client client;
};

rpc_endpoint::rpc_endpoint(std::string name, const std::string& url, rpc_options options)
    : impl_(std::make_unique<impl>(std::move(name), url, options)) {}

rpc_endpoint::~rpc_endpoint() = default;

const std::string& rpc_endpoint::name() const noexcept {
  return impl_->name;
}

bool rpc_endpoint::has_spare() const {
  return impl_->client.has_spare();
}

void rpc_endpoint::epoch_info(commitment level, rpc_done<epoch_view> done) {
  // A finalized height is the first half of what a status proves.
  impl_->call<epoch_view>(
      level == commitment::finalized ? net::purpose::confirmation : net::purpose::read, "getEpochInfo", std::move(done),
      [&](json::writer& w) { w.begin_object().member("commitment", std::string{to_string(level)}).end_object(); },
      read_epoch_info);
}

void rpc_endpoint::latest_blockhash(commitment level, rpc_done<latest_blockhash_view> done) {
  impl_->call<latest_blockhash_view>(
      net::purpose::read, "getLatestBlockhash", std::move(done),
      [&](json::writer& w) { w.begin_object().member("commitment", std::string{to_string(level)}).end_object(); },
      read_latest_blockhash);
}

void rpc_endpoint::send_transaction(solana::bytes transaction, send_options options, rpc_done<solana::signature> done) {
  std::optional<solana::signature> expected;
  if (const auto tx = solana::parse_transaction(transaction))
    expected = tx->id();
  impl_->call<solana::signature>(
      net::purpose::broadcast, "sendTransaction", std::move(done),
      [&](json::writer& w) {
        w.string(solana::base64_encode(transaction));
        w.begin_object().member("encoding", "base64").member("skipPreflight", options.skip_preflight);
        w.member("preflightCommitment", std::string{to_string(options.preflight_commitment)}).member("maxRetries", 0);
        write_min_slot(w, options.min_context_slot);
        w.end_object();
      },
      [expected](const json::value& result) -> parsed<solana::signature> {
        auto id = key_in<solana::signature>(&result, "the signature");
        if (id && expected && *id != *expected)
          return bad("the signature of another transaction");
        return id;
      });
}

void rpc_endpoint::simulate(solana::bytes transaction, simulate_options options, rpc_done<simulation> done) {
  impl_->call<simulation>(
      net::purpose::read, "simulateTransaction", std::move(done),
      [&](json::writer& w) {
        w.string(solana::base64_encode(transaction));
        w.begin_object().member("encoding", "base64").member("commitment", std::string{to_string(options.level)});
        w.member("sigVerify", options.verify_signatures).member("replaceRecentBlockhash", options.replace_blockhash);
        write_min_slot(w, options.min_context_slot);
        if (!options.accounts.empty()) {
          w.key("accounts").begin_object().member("encoding", "base64").key("addresses");
          write_keys(w, options.accounts);
          w.end_object();
        }
        w.end_object();
      },
      [asked = options.accounts.size(), bound = impl_->options.max_account_bytes](const json::value& result) {
        return read_simulation(result, asked, bound);
      });
}

void rpc_endpoint::signature_statuses(std::vector<solana::signature> signatures, bool search_history,
                                      rpc_done<statuses_view> done) {
  if (signatures.size() > max_statuses_per_call)
    domain::broken_invariant("more signatures than getSignatureStatuses takes");
  impl_->call<statuses_view>(
      net::purpose::confirmation, "getSignatureStatuses", std::move(done),
      [&](json::writer& w) {
        w.begin_array();
        for (const auto& signature : signatures)
          w.string(signature.to_string());
        w.end_array().begin_object().member("searchTransactionHistory", search_history).end_object();
      },
      [asked = signatures.size()](const json::value& result) { return read_statuses(result, asked); });
}

void rpc_endpoint::address_signatures(solana::pubkey account, std::optional<solana::signature> before,
                                      std::optional<std::uint64_t> min_context_slot,
                                      rpc_done<std::vector<address_signature_view>> done) {
  impl_->call<std::vector<address_signature_view>>(
      net::purpose::confirmation, "getSignaturesForAddress", std::move(done),
      [&](json::writer& w) {
        w.string(account.to_string());
        w.begin_object().member("commitment", std::string{to_string(commitment::confirmed)});
        w.member("limit", max_address_signatures_per_call);
        if (before)
          w.member("before", before->to_string());
        write_min_slot(w, min_context_slot);
        w.end_object();
      },
      read_address_signatures);
}

void rpc_endpoint::accounts(std::vector<solana::pubkey> keys, commitment level,
                            std::optional<std::uint64_t> min_context_slot, rpc_done<accounts_view> done) {
  if (keys.size() > max_accounts_per_call)
    domain::broken_invariant("more accounts than getMultipleAccounts takes");
  impl_->call<accounts_view>(
      net::purpose::read, "getMultipleAccounts", std::move(done),
      [&](json::writer& w) {
        write_keys(w, keys);
        w.begin_object().member("encoding", "base64").member("commitment", std::string{to_string(level)});
        write_min_slot(w, min_context_slot);
        w.end_object();
      },
      [asked = keys.size(), bound = impl_->options.max_account_bytes,
       min_context_slot](const json::value& result) -> parsed<accounts_view> {
        auto view = read_accounts(result, asked, bound);
        if (view && min_context_slot && view->context_slot < *min_context_slot)
          return bad("a bank older than asked for");
        return view;
      });
}

void rpc_endpoint::transaction(solana::signature id, commitment level, rpc_done<std::optional<transaction_view>> done) {
  impl_->call<std::optional<transaction_view>>(
      net::purpose::confirmation, "getTransaction", std::move(done),
      [&](json::writer& w) {
        w.string(id.to_string());
        w.begin_object().member("encoding", "base64").member("commitment", std::string{to_string(level)});
        w.member("maxSupportedTransactionVersion", 1).end_object();
      },
      [id](const json::value& result) { return read_transaction(result, id); });
}

void rpc_endpoint::minimum_balance_for_rent_exemption(std::uint64_t space_bytes, rpc_done<std::uint64_t> done) {
  impl_->call<std::uint64_t>(
      net::purpose::read, "getMinimumBalanceForRentExemption", std::move(done),
      [&](json::writer& w) { w.u64(space_bytes); },
      [](const json::value& result) -> parsed<std::uint64_t> {
        if (const auto lamports = as_u64(&result))
          return *lamports;
        return bad("not a number of lamports");
      });
}

void rpc_endpoint::recent_prioritization_fees(std::vector<solana::pubkey> writable_accounts,
                                              rpc_done<std::vector<priority_fee_sample>> done) {
  if (writable_accounts.size() > max_fee_accounts_per_call)
    domain::broken_invariant("more accounts than getRecentPrioritizationFees takes");
  impl_->call<std::vector<priority_fee_sample>>(
      net::purpose::read, "getRecentPrioritizationFees", std::move(done),
      [&](json::writer& w) { write_keys(w, writable_accounts); }, read_fees);
}

void rpc_endpoint::is_blockhash_valid(solana::blockhash hash, commitment level,
                                      std::optional<std::uint64_t> min_context_slot,
                                      rpc_done<blockhash_validity> done) {
  impl_->call<blockhash_validity>(
      net::purpose::confirmation, "isBlockhashValid", std::move(done),
      [&](json::writer& w) {
        w.string(hash.to_string());
        w.begin_object().member("commitment", std::string{to_string(level)});
        write_min_slot(w, min_context_slot);
        w.end_object();
      },
      read_validity);
}

void rpc_endpoint::health(rpc_done<domain::done> done) {
  impl_->call<domain::done>(
      net::purpose::read, "getHealth", std::move(done), [](json::writer&) {},
      [](const json::value& result) -> parsed<domain::done> {
        if (as_string(&result) == "ok")
          return domain::done{};
        return bad("not ok");
      });
}

void rpc_endpoint::genesis_hash(rpc_done<solana::blockhash> done) {
  impl_->call<solana::blockhash>(
      net::purpose::read, "getGenesisHash", std::move(done), [](json::writer&) {},
      [](const json::value& result) { return key_in<solana::blockhash>(&result, "the genesis hash"); });
}

}  // namespace landfall::executor
