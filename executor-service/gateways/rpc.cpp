#include "executor-service/gateways/rpc.hpp"

#include <algorithm>
#include <atomic>
#include <charconv>
#include <future>
#include <limits>
#include <span>
#include <type_traits>
#include <utility>

#include "common/net/http_client.hpp"
#include "common/net/json.hpp"
#include "common/solana/base64.hpp"
#include "common/solana/transaction.hpp"

namespace landfall::executor {

using domain::failure;
using net::as_bool;
using net::as_i64;
using net::as_string;
using net::as_u64;
using net::find;
using net::json_kind;
using net::json_value;
using net::json_writer;

namespace {

constexpr std::int64_t code_preflight = -32002;
constexpr std::int64_t code_unhealthy = -32005;
constexpr std::int64_t code_min_slot = -32016;
constexpr std::size_t max_message_chars = 512;
constexpr std::size_t max_log_lines = 1'024;
constexpr std::size_t max_keys = 256;
constexpr std::uint64_t max_retry_after_ms = 600'000;

/// What a check of an answer ends with where it fails.
struct bad_answer {
  std::string what;
};
template <class T>
using parsed = domain::result<T, bad_answer>;

failure<bad_answer> bad(std::string what) {
  return failure{bad_answer{std::move(what)}};
}

rpc_error error_of(rpc_error::kind what, std::string message) {
  rpc_error e;
  e.what = what;
  e.message = std::move(message);
  return e;
}

std::string shortened(std::string_view text) {
  return std::string{text.substr(0, max_message_chars)};
}

std::string text_of(const json_value& v) {
  json_writer w;
  w.value(v);
  return w.take();
}

rpc_error from_net(const net::net_error& e) {
  const auto kind = [&] {
    switch (e.what) {
      case net::net_error::kind::timeout:
        return rpc_error::kind::timeout;
      case net::net_error::kind::too_large:
      case net::net_error::kind::malformed:
        return rpc_error::kind::malformed;
      default:
        return rpc_error::kind::unreachable;
    }
  }();
  // The net layer names the address, which may hold a key.
  return error_of(kind, std::string{net::to_string(e.what)});
}

std::optional<std::uint64_t> retry_after_ms(const net::http_response& response) {
  const auto found = response.headers.find("retry-after");
  if (found == response.headers.end())
    return std::nullopt;
  std::uint64_t seconds = 0;
  const auto& text = found->second;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error != std::errc{} || end != text.data() + text.size())
    return std::nullopt;
  return seconds > max_retry_after_ms / 1000 ? max_retry_after_ms : seconds * 1000;
}

/// The JSON-RPC error of an answer, if it is one.
std::optional<rpc_error> error_in(const json_value& document, int http_status) {
  const auto* error = find(document, "error");
  if (net::is_null(error))
    return std::nullopt;
  const auto code = as_i64(find(error, "code"));
  if (!code)
    return error_of(rpc_error::kind::malformed, "an error without a code");
  rpc_error e;
  e.what = rpc_error::kind::rpc;
  e.http_status = http_status;
  e.code = *code;
  e.message = shortened(as_string(find(error, "message")).value_or(""));
  if (const auto* data = find(error, "data"); !net::is_null(data))
    e.data = text_of(*data);
  return e;
}

/// The answer to the call with number `id`, up to its result.
rpc_result<json_value> result_of(const net::http_result& reply, std::uint64_t id) {
  if (!reply)
    return failure{from_net(reply.error())};
  if (reply->status == 429) {
    auto e = error_of(rpc_error::kind::rate_limited, "HTTP 429");
    e.http_status = 429;
    e.retry_after_ms = retry_after_ms(*reply);
    return failure{std::move(e)};
  }
  const auto document = net::parse_json(reply->body);
  if (reply->status != 200) {
    if (document)
      if (auto e = error_in(*document, reply->status); e && e->what == rpc_error::kind::rpc)
        return failure{std::move(*e)};
    auto e = error_of(rpc_error::kind::server, "HTTP " + std::to_string(reply->status));
    e.http_status = reply->status;
    e.retry_after_ms = retry_after_ms(*reply);
    return failure{std::move(e)};
  }
  if (!document)
    return failure{error_of(rpc_error::kind::malformed, "not JSON")};
  if (!net::is(&*document, json_kind::object))
    return failure{error_of(rpc_error::kind::malformed, "not an object")};
  // A node that cannot read the request answers its error with the id null.
  if (auto e = error_in(*document, 200))
    return failure{std::move(*e)};
  if (as_u64(find(*document, "id")) != id)
    return failure{error_of(rpc_error::kind::malformed, "the answer to another call")};
  const auto* result = find(*document, "result");
  if (result == nullptr)
    return failure{error_of(rpc_error::kind::malformed, "no result")};
  return *result;
}

parsed<std::uint64_t> u64_in(const json_value* v, const char* name) {
  if (const auto number = as_u64(find(v, name)))
    return *number;
  return bad(std::string{name} + " is missing");
}

/// `context.slot` of a method that reads a bank.
parsed<std::uint64_t> context_slot(const json_value& result) {
  return u64_in(find(result, "context"), "slot");
}

template <class Key>
parsed<Key> key_in(const json_value* v, const char* name) {
  if (const auto text = as_string(v))
    if (const auto key = Key::parse(*text))
      return *key;
  return bad(std::string{name} + " is not base58 of its length");
}

/// Null is success; everything else is kept as JSON.
parsed<std::optional<std::string>> err_in(const json_value* object) {
  const auto* err = find(object, "err");
  // An absent field tells nothing, and must not be taken for success.
  if (err == nullptr)
    return bad("err is missing");
  if (net::is_null(err))
    return std::optional<std::string>{};
  if (!net::is(err, json_kind::string) && !net::is(err, json_kind::object))
    return bad("err is of no known form");
  return std::optional{text_of(*err)};
}

parsed<account_info> account_in(const json_value& v, std::size_t max_bytes) {
  const auto lamports = as_u64(find(v, "lamports"));
  const auto executable = as_bool(find(v, "executable"));
  const auto owner = key_in<solana::pubkey>(find(v, "owner"), "owner");
  const auto* data = find(v, "data");
  const auto text = as_string(net::at(data, 0));
  if (!lamports || !executable || !owner || net::elements(data).size() != 2 || !text ||
      as_string(net::at(data, 1)) != "base64")
    return bad("an account is malformed");
  auto bytes = solana::base64_decode(*text, max_bytes);
  if (!bytes)
    return bad("an account's data is too large or not base64");
  if (const auto* space = find(v, "space"); space != nullptr && as_u64(space) != bytes->size())
    return bad("an account's data has another length than its space");
  return account_info{*lamports, *owner, std::move(bytes).value(), *executable};
}

parsed<std::vector<std::optional<account_info>>> accounts_in(const json_value* list, std::size_t count,
                                                             std::size_t max_bytes) {
  const auto items = net::elements(list);
  if (!net::is(list, json_kind::array) || items.size() != count)
    return bad("not as many accounts as asked for");
  std::vector<std::optional<account_info>> accounts;
  accounts.reserve(count);
  for (const auto& item : items) {
    if (net::is_null(&item)) {
      accounts.emplace_back();
      continue;
    }
    auto account = account_in(item, max_bytes);
    if (!account)
      return failure{account.error()};
    accounts.emplace_back(std::move(account).value());
  }
  return accounts;
}

parsed<epoch_view> read_epoch_info(const json_value& result) {
  const auto slot = as_u64(find(result, "absoluteSlot"));
  const auto height = as_u64(find(result, "blockHeight"));
  if (!slot || !height)
    return bad("slot or height is missing");
  // Skipped slots have no height.
  if (*height > *slot)
    return bad("the height is above the slot");
  return epoch_view{*slot, *height};
}

parsed<latest_blockhash_view> read_latest_blockhash(const json_value& result) {
  const auto slot = context_slot(result);
  const auto* value = find(result, "value");
  const auto hash = key_in<solana::blockhash>(find(value, "blockhash"), "blockhash");
  const auto height = u64_in(value, "lastValidBlockHeight");
  if (!slot)
    return failure{slot.error()};
  if (!hash)
    return failure{hash.error()};
  if (!height)
    return failure{height.error()};
  if (hash->is_zero())
    return bad("the blockhash is zero");
  return latest_blockhash_view{*slot, *hash, *height};
}

parsed<simulation> read_simulation(const json_value& result, std::size_t accounts_asked, std::size_t max_bytes) {
  const auto slot = context_slot(result);
  if (!slot)
    return failure{slot.error()};
  const auto* value = find(result, "value");
  auto err = err_in(value);
  if (!err)
    return failure{err.error()};
  simulation s;
  s.context_slot = *slot;
  s.err = std::move(err).value();
  if (const auto* units = find(value, "unitsConsumed"); !net::is_null(units)) {
    s.units_consumed = as_u64(units);
    if (!s.units_consumed)
      return bad("unitsConsumed is not a number");
  }
  const auto* logs = find(value, "logs");
  if (!net::is_null(logs) && !net::is(logs, json_kind::array))
    return bad("logs are not a list");
  for (const auto& line : net::elements(logs)) {
    const auto text = as_string(&line);
    if (!text || s.logs.size() == max_log_lines)
      return bad("logs are malformed or too long");
    s.logs.emplace_back(*text);
  }
  const auto* accounts = find(value, "accounts");
  if (net::is_null(accounts) && (accounts_asked == 0 || s.err))
    return s;
  auto read = accounts_in(accounts, accounts_asked, max_bytes);
  if (!read)
    return failure{read.error()};
  s.accounts = std::move(read).value();
  return s;
}

std::optional<commitment> commitment_in(const json_value* v) {
  const auto text = as_string(v);
  for (const auto c : {commitment::processed, commitment::confirmed, commitment::finalized})
    if (text == to_string(c))
      return c;
  return std::nullopt;
}

parsed<status_view> read_status(const json_value& v, std::uint64_t at_slot) {
  const auto slot = u64_in(&v, "slot");
  if (!slot)
    return failure{slot.error()};
  if (*slot > at_slot)
    return bad("a status from after the bank that was asked");
  const auto level = commitment_in(find(v, "confirmationStatus"));
  if (!level)
    return bad("confirmationStatus is missing or unknown");
  auto err = err_in(&v);
  if (!err)
    return failure{err.error()};
  return status_view{*slot, *level, std::move(err).value()};
}

parsed<statuses_view> read_statuses(const json_value& result, std::size_t asked) {
  const auto slot = context_slot(result);
  if (!slot)
    return failure{slot.error()};
  const auto* value = find(result, "value");
  if (!net::is(value, json_kind::array) || net::elements(value).size() != asked)
    return bad("not as many statuses as asked for");
  statuses_view view;
  view.context_slot = *slot;
  view.statuses.reserve(asked);
  for (const auto& item : net::elements(value)) {
    if (net::is_null(&item)) {
      view.statuses.emplace_back();
      continue;
    }
    auto status = read_status(item, *slot);
    if (!status)
      return failure{status.error()};
    view.statuses.emplace_back(std::move(status).value());
  }
  return view;
}

parsed<accounts_view> read_accounts(const json_value& result, std::size_t asked, std::size_t max_bytes) {
  const auto slot = context_slot(result);
  if (!slot)
    return failure{slot.error()};
  auto accounts = accounts_in(find(result, "value"), asked, max_bytes);
  if (!accounts)
    return failure{accounts.error()};
  return accounts_view{*slot, std::move(accounts).value()};
}

parsed<std::vector<std::uint64_t>> balances_in(const json_value* list, std::size_t count) {
  std::vector<std::uint64_t> balances;
  for (const auto& item : net::elements(list)) {
    const auto lamports = as_u64(&item);
    if (!lamports)
      return bad("a balance is not a number");
    balances.push_back(*lamports);
  }
  if (!net::is(list, json_kind::array) || balances.size() != count)
    return bad("not one balance for each account");
  return balances;
}

parsed<std::vector<token_balance_entry>> token_balances_in(const json_value* list,
                                                           const std::vector<solana::pubkey>& keys) {
  std::vector<token_balance_entry> balances;
  // Old records have null instead of an empty list.
  if (!net::is_null(list) && !net::is(list, json_kind::array))
    return bad("token balances are not a list");
  std::vector<bool> taken(keys.size(), false);
  for (const auto& item : net::elements(list)) {
    const auto index = as_u64(find(item, "accountIndex"));
    if (!index || *index >= keys.size() || taken[*index])
      return bad("a token balance of no account, or two of one");
    taken[*index] = true;
    const auto mint = key_in<solana::pubkey>(find(item, "mint"), "mint");
    if (!mint)
      return failure{mint.error()};
    const auto amount = as_string(find(find(item, "uiTokenAmount"), "amount"));
    const auto units = amount ? domain::token_amount::parse(*amount) : std::nullopt;
    if (!units)
      return bad("a token amount is not a number");
    token_balance_entry entry{keys[*index], *mint, std::nullopt, units->units()};
    if (const auto* owner = find(item, "owner"); !net::is_null(owner) && as_string(owner) != "") {
      const auto key = key_in<solana::pubkey>(owner, "owner");
      if (!key)
        return failure{key.error()};
      entry.owner = *key;
    }
    balances.push_back(entry);
  }
  return balances;
}

parsed<domain::done> append_keys(std::vector<solana::pubkey>& keys, const json_value* list) {
  if (!net::is_null(list) && !net::is(list, json_kind::array))
    return bad("loaded addresses are not a list");
  for (const auto& item : net::elements(list)) {
    const auto key = key_in<solana::pubkey>(&item, "a loaded address");
    if (!key)
      return failure{key.error()};
    if (keys.size() == max_keys)
      return bad("too many loaded addresses");
    keys.push_back(*key);
  }
  return domain::done{};
}

/// The keys of a transaction in the index space of its balances.
parsed<std::vector<solana::pubkey>> keys_in(const json_value& result, const solana::signature& id) {
  const auto* encoded = find(result, "transaction");
  const auto text = as_string(net::at(encoded, 0));
  if (!text || as_string(net::at(encoded, 1)) != "base64")
    return bad("the transaction is not in base64");
  const auto bytes = solana::base64_decode(*text, solana::max_transaction_v1_bytes);
  if (!bytes)
    return bad("the transaction is not base64 of its size");
  const auto tx = solana::parse_transaction(*bytes);
  if (!tx)
    return bad("the transaction does not parse");
  if (tx->id() != id)
    return bad("another transaction than asked for");
  auto keys = tx->body.static_keys;
  const auto* loaded = find(find(result, "meta"), "loadedAddresses");
  for (const char* part : {"writable", "readonly"})
    if (const auto appended = append_keys(keys, find(loaded, part)); !appended)
      return failure{appended.error()};
  if (keys.size() != tx->body.key_count())
    return bad("not as many loaded addresses as the transaction looks up");
  return keys;
}

parsed<std::optional<transaction_view>> read_transaction(const json_value& result, const solana::signature& id) {
  if (net::is_null(&result))
    return std::optional<transaction_view>{};
  const auto slot = u64_in(&result, "slot");
  if (!slot)
    return failure{slot.error()};
  auto keys = keys_in(result, id);
  if (!keys)
    return failure{keys.error()};
  const auto* meta = find(result, "meta");
  auto err = err_in(meta);
  if (!err)
    return failure{err.error()};
  const auto fee = u64_in(meta, "fee");
  if (!fee)
    return failure{fee.error()};
  auto pre = balances_in(find(meta, "preBalances"), keys->size());
  auto post = balances_in(find(meta, "postBalances"), keys->size());
  if (!pre || !post)
    return failure{pre ? post.error() : pre.error()};
  auto pre_token = token_balances_in(find(meta, "preTokenBalances"), *keys);
  auto post_token = token_balances_in(find(meta, "postTokenBalances"), *keys);
  if (!pre_token || !post_token)
    return failure{pre_token ? post_token.error() : pre_token.error()};
  transaction_view view;
  view.slot = *slot;
  if (const auto* time = find(result, "blockTime"); !net::is_null(time)) {
    view.block_time_s = as_i64(time);
    if (!view.block_time_s)
      return bad("blockTime is not a number");
  }
  view.err = std::move(err).value();
  view.fee_lamports = *fee;
  view.keys = std::move(keys).value();
  view.pre_balances = std::move(pre).value();
  view.post_balances = std::move(post).value();
  view.pre_token_balances = std::move(pre_token).value();
  view.post_token_balances = std::move(post_token).value();
  return std::optional{std::move(view)};
}

parsed<std::vector<priority_fee_sample>> read_fees(const json_value& result) {
  constexpr std::size_t max_samples = 1'024;
  if (!net::is(&result, json_kind::array) || net::elements(&result).size() > max_samples)
    return bad("not a list of samples");
  std::vector<priority_fee_sample> samples;
  for (const auto& item : net::elements(&result)) {
    const auto slot = as_u64(find(item, "slot"));
    const auto fee = as_u64(find(item, "prioritizationFee"));
    if (!slot || !fee)
      return bad("a sample is malformed");
    samples.push_back({*slot, *fee});
  }
  return samples;
}

parsed<blockhash_validity> read_validity(const json_value& result) {
  const auto slot = context_slot(result);
  const auto valid = as_bool(find(result, "value"));
  if (!slot || !valid)
    return bad("no slot or no verdict");
  return blockhash_validity{*slot, *valid};
}

void write_min_slot(json_writer& w, const std::optional<std::uint64_t>& min_context_slot) {
  if (min_context_slot)
    w.member("minContextSlot", *min_context_slot);
}

void write_keys(json_writer& w, std::span<const solana::pubkey> keys) {
  w.begin_array();
  for (const auto& key : keys)
    w.string(key.to_string());
  w.end_array();
}

/// Waits for the answer of an asynchronous call. The call answers within its own timeout.
template <class T, class Start>
rpc_result<T> wait_for(Start start) {
  auto promise = std::make_shared<std::promise<rpc_result<T>>>();
  auto answer = promise->get_future();
  start([promise](rpc_result<T> r) { promise->set_value(std::move(r)); });
  return answer.get();
}

}  // namespace

bool rpc_error::proves_nothing() const noexcept {
  if (what != kind::rpc)
    return true;
  constexpr std::int64_t verdicts[] = {code_preflight, -32003, -32006, -32013, -32015, -32600, -32601, -32602};
  return std::ranges::find(verdicts, code) == std::end(verdicts);
}

namespace {

bool preflight_err_is(const rpc_error& e, std::string_view name) {
  if (!e.preflight_failed())
    return false;
  const auto data = net::parse_json(e.data);
  return data && as_string(find(*data, "err")) == name;
}

}  // namespace

bool rpc_error::already_processed() const noexcept {
  return preflight_err_is(*this, "AlreadyProcessed");
}

bool rpc_error::blockhash_not_found() const noexcept {
  return preflight_err_is(*this, "BlockhashNotFound");
}

bool rpc_error::preflight_failed() const noexcept {
  return what == kind::rpc && code == code_preflight;
}

bool rpc_error::behind_min_slot() const noexcept {
  return what == kind::rpc && code == code_min_slot;
}

bool rpc_error::node_unhealthy() const noexcept {
  return what == kind::rpc && code == code_unhealthy;
}

std::string_view to_string(rpc_error::kind kind) noexcept {
  constexpr std::array<std::string_view, 6> names{"unreachable", "timeout", "rate_limited",
                                                  "server",      "rpc",     "malformed"};
  return names[static_cast<std::size_t>(kind)];
}

std::optional<token_change> transaction_view::token_delta(const solana::pubkey& account) const {
  std::optional<token_change> change;
  for (const auto& entry : pre_token_balances)
    if (entry.account == account)
      change = token_change{entry.mint, entry.amount, 0};
  for (const auto& entry : post_token_balances) {
    if (entry.account != account)
      continue;
    if (change && change->mint != entry.mint)
      return std::nullopt;
    change = token_change{entry.mint, change ? change->before : 0, entry.amount};
  }
  return change;
}

namespace {

/// Where the path of a URL begins, or its end.
std::size_t path_at(const std::string& url) {
  const auto scheme = url.find("://");
  const auto at = url.find_first_of("/?", scheme == std::string::npos ? 0 : scheme + 3);
  return at == std::string::npos ? url.size() : at;
}

}  // namespace

struct rpc_endpoint::impl {
  impl(std::string n, const std::string& url, const rpc_options& o)
      : name(std::move(n)),
        options(o),
        path(url.substr(path_at(url))),
        client(url.substr(0, path_at(url)), {.max_in_flight = o.max_in_flight}) {
    if (!path.starts_with('/'))
      path.insert(0, "/");
  }

  /// Posts a call. `write_params` writes the elements of the parameter list, `read` checks the result.
  template <class T, class Write, class Read>
  void call(std::string_view method, rpc_done<T> done, Write write_params, Read read) {
    const auto id = ++last_id;
    json_writer w;
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
    client.request(std::move(request), [id, done = std::move(done), read](net::http_result reply) {
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
  net::http_client client;
};

rpc_endpoint::rpc_endpoint(std::string name, const std::string& url, rpc_options options)
    : impl_(std::make_unique<impl>(std::move(name), url, options)) {}

rpc_endpoint::~rpc_endpoint() = default;

const std::string& rpc_endpoint::name() const noexcept {
  return impl_->name;
}

void rpc_endpoint::epoch_info(commitment level, rpc_done<epoch_view> done) {
  impl_->call<epoch_view>(
      "getEpochInfo", std::move(done),
      [&](json_writer& w) { w.begin_object().member("commitment", std::string{to_string(level)}).end_object(); },
      read_epoch_info);
}

void rpc_endpoint::latest_blockhash(commitment level, rpc_done<latest_blockhash_view> done) {
  impl_->call<latest_blockhash_view>(
      "getLatestBlockhash", std::move(done),
      [&](json_writer& w) { w.begin_object().member("commitment", std::string{to_string(level)}).end_object(); },
      read_latest_blockhash);
}

void rpc_endpoint::send_transaction(solana::bytes transaction, send_options options, rpc_done<solana::signature> done) {
  std::optional<solana::signature> expected;
  if (const auto tx = solana::parse_transaction(transaction))
    expected = tx->id();
  impl_->call<solana::signature>(
      "sendTransaction", std::move(done),
      [&](json_writer& w) {
        w.string(solana::base64_encode(transaction));
        w.begin_object().member("encoding", "base64").member("skipPreflight", options.skip_preflight);
        w.member("preflightCommitment", std::string{to_string(options.preflight_commitment)}).member("maxRetries", 0);
        write_min_slot(w, options.min_context_slot);
        w.end_object();
      },
      [expected](const json_value& result) -> parsed<solana::signature> {
        auto id = key_in<solana::signature>(&result, "the signature");
        if (id && expected && *id != *expected)
          return bad("the signature of another transaction");
        return id;
      });
}

void rpc_endpoint::simulate(solana::bytes transaction, simulate_options options, rpc_done<simulation> done) {
  impl_->call<simulation>(
      "simulateTransaction", std::move(done),
      [&](json_writer& w) {
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
      [asked = options.accounts.size(), bound = impl_->options.max_account_bytes](const json_value& result) {
        return read_simulation(result, asked, bound);
      });
}

void rpc_endpoint::signature_statuses(std::vector<solana::signature> signatures, bool search_history,
                                      rpc_done<statuses_view> done) {
  if (signatures.size() > max_statuses_per_call)
    domain::broken_invariant("more signatures than getSignatureStatuses takes");
  impl_->call<statuses_view>(
      "getSignatureStatuses", std::move(done),
      [&](json_writer& w) {
        w.begin_array();
        for (const auto& signature : signatures)
          w.string(signature.to_string());
        w.end_array().begin_object().member("searchTransactionHistory", search_history).end_object();
      },
      [asked = signatures.size()](const json_value& result) { return read_statuses(result, asked); });
}

void rpc_endpoint::accounts(std::vector<solana::pubkey> keys, commitment level,
                            std::optional<std::uint64_t> min_context_slot, rpc_done<accounts_view> done) {
  if (keys.size() > max_accounts_per_call)
    domain::broken_invariant("more accounts than getMultipleAccounts takes");
  impl_->call<accounts_view>(
      "getMultipleAccounts", std::move(done),
      [&](json_writer& w) {
        write_keys(w, keys);
        w.begin_object().member("encoding", "base64").member("commitment", std::string{to_string(level)});
        write_min_slot(w, min_context_slot);
        w.end_object();
      },
      [asked = keys.size(), bound = impl_->options.max_account_bytes,
       min_context_slot](const json_value& result) -> parsed<accounts_view> {
        auto view = read_accounts(result, asked, bound);
        if (view && min_context_slot && view->context_slot < *min_context_slot)
          return bad("a bank older than asked for");
        return view;
      });
}

void rpc_endpoint::transaction(solana::signature id, commitment level, rpc_done<std::optional<transaction_view>> done) {
  impl_->call<std::optional<transaction_view>>(
      "getTransaction", std::move(done),
      [&](json_writer& w) {
        w.string(id.to_string());
        w.begin_object().member("encoding", "base64").member("commitment", std::string{to_string(level)});
        w.member("maxSupportedTransactionVersion", 1).end_object();
      },
      [id](const json_value& result) { return read_transaction(result, id); });
}

void rpc_endpoint::minimum_balance_for_rent_exemption(std::uint64_t space_bytes, rpc_done<std::uint64_t> done) {
  impl_->call<std::uint64_t>(
      "getMinimumBalanceForRentExemption", std::move(done), [&](json_writer& w) { w.u64(space_bytes); },
      [](const json_value& result) -> parsed<std::uint64_t> {
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
      "getRecentPrioritizationFees", std::move(done), [&](json_writer& w) { write_keys(w, writable_accounts); },
      read_fees);
}

void rpc_endpoint::is_blockhash_valid(solana::blockhash hash, commitment level,
                                      std::optional<std::uint64_t> min_context_slot,
                                      rpc_done<blockhash_validity> done) {
  impl_->call<blockhash_validity>(
      "isBlockhashValid", std::move(done),
      [&](json_writer& w) {
        w.string(hash.to_string());
        w.begin_object().member("commitment", std::string{to_string(level)});
        write_min_slot(w, min_context_slot);
        w.end_object();
      },
      read_validity);
}

void rpc_endpoint::health(rpc_done<domain::done> done) {
  impl_->call<domain::done>(
      "getHealth", std::move(done), [](json_writer&) {},
      [](const json_value& result) -> parsed<domain::done> {
        if (as_string(&result) == "ok")
          return domain::done{};
        return bad("not ok");
      });
}

void rpc_endpoint::genesis_hash(rpc_done<solana::blockhash> done) {
  impl_->call<solana::blockhash>(
      "getGenesisHash", std::move(done), [](json_writer&) {},
      [](const json_value& result) { return key_in<solana::blockhash>(&result, "the genesis hash"); });
}

rpc_result<epoch_view> rpc_api::epoch_info_sync(commitment level) {
  return wait_for<epoch_view>([&](auto done) { epoch_info(level, std::move(done)); });
}

rpc_result<latest_blockhash_view> rpc_api::latest_blockhash_sync(commitment level) {
  return wait_for<latest_blockhash_view>([&](auto done) { latest_blockhash(level, std::move(done)); });
}

rpc_result<solana::signature> rpc_api::send_transaction_sync(solana::bytes transaction_bytes, send_options options) {
  return wait_for<solana::signature>(
      [&](auto done) { send_transaction(std::move(transaction_bytes), options, std::move(done)); });
}

rpc_result<simulation> rpc_api::simulate_sync(solana::bytes transaction_bytes, simulate_options options) {
  return wait_for<simulation>(
      [&](auto done) { simulate(std::move(transaction_bytes), std::move(options), std::move(done)); });
}

rpc_result<statuses_view> rpc_api::signature_statuses_sync(std::vector<solana::signature> signatures,
                                                           bool search_history) {
  return wait_for<statuses_view>(
      [&](auto done) { signature_statuses(std::move(signatures), search_history, std::move(done)); });
}

rpc_result<accounts_view> rpc_api::accounts_sync(std::vector<solana::pubkey> keys, commitment level,
                                                 std::optional<std::uint64_t> min_context_slot) {
  return wait_for<accounts_view>(
      [&](auto done) { accounts(std::move(keys), level, min_context_slot, std::move(done)); });
}

rpc_result<std::optional<transaction_view>> rpc_api::transaction_sync(solana::signature id, commitment level) {
  return wait_for<std::optional<transaction_view>>([&](auto done) { transaction(id, level, std::move(done)); });
}

rpc_result<std::uint64_t> rpc_api::minimum_balance_for_rent_exemption_sync(std::uint64_t space_bytes) {
  return wait_for<std::uint64_t>([&](auto done) { minimum_balance_for_rent_exemption(space_bytes, std::move(done)); });
}

rpc_result<std::vector<priority_fee_sample>> rpc_api::recent_prioritization_fees_sync(
    std::vector<solana::pubkey> writable_accounts) {
  return wait_for<std::vector<priority_fee_sample>>(
      [&](auto done) { recent_prioritization_fees(std::move(writable_accounts), std::move(done)); });
}

rpc_result<blockhash_validity> rpc_api::is_blockhash_valid_sync(solana::blockhash hash, commitment level,
                                                                std::optional<std::uint64_t> min_context_slot) {
  return wait_for<blockhash_validity>(
      [&](auto done) { is_blockhash_valid(hash, level, min_context_slot, std::move(done)); });
}

rpc_result<domain::done> rpc_api::health_sync() {
  return wait_for<domain::done>([&](auto done) { health(std::move(done)); });
}

rpc_result<solana::blockhash> rpc_api::genesis_hash_sync() {
  return wait_for<solana::blockhash>([&](auto done) { genesis_hash(std::move(done)); });
}

}  // namespace landfall::executor
