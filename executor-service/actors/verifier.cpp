#include "executor-service/actors/verifier.hpp"

#include <algorithm>
#include <chrono>
#include <functional>
#include <future>
#include <map>
#include <set>
#include <thread>
#include <utility>

#include <caf/actor_system.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include "common/runtime/json_text.hpp"
#include "common/runtime/log.hpp"
#include "common/solana/token.hpp"
#include "executor-service/stores/verify_store.hpp"

namespace landfall::executor {

using domain::failure;
using verify::chain_facts;
using verify::finding;
using verify::order_facts;

namespace {

constexpr std::size_t orders_per_call = max_accounts_per_call / 2;
constexpr domain::milliseconds just_landed_within{3'600'000};
/// Above every timeout of an endpoint: an answer that never comes at all.
constexpr std::chrono::seconds answer_deadline{60};
constexpr std::chrono::milliseconds answer_slice{20};
/// How long `verify_once` waits for a later finalized slot before it looks again at what it found.
constexpr std::chrono::milliseconds second_look_wait{10'000};
constexpr std::chrono::milliseconds second_look_poll{200};
constexpr int once_batch = 50;

using stop_flag = std::shared_ptr<const std::atomic<bool>>;

/// Nothing on the way to a look gave an answer, in one sentence.
template <class T>
using seen_or_trouble = domain::result<T, std::string>;

/// An endpoint that answers, and its finalized slot by its own word.
struct eye {
  rpc_api* endpoint = nullptr;
  std::uint64_t finalized_slot = 0;
};

/// Calls to endpoints from a thread that may wait.
class caller {
public:
  explicit caller(stop_flag stop) : stop_(std::move(stop)) {}

  template <class T>
  using pending = std::future<rpc_result<T>>;

  template <class T, class Start>
  static pending<T> start(Start begin) {
    auto promise = std::make_shared<std::promise<rpc_result<T>>>();
    auto answer = promise->get_future();
    begin([promise](rpc_result<T> result) { promise->set_value(std::move(result)); });
    return answer;
  }

  /// Nothing without a usable answer.
  template <class T>
  std::optional<T> wait(pending<T>& answer) const {
    const auto deadline = std::chrono::steady_clock::now() + answer_deadline;
    while (answer.wait_for(answer_slice) != std::future_status::ready)
      if (stopped() || std::chrono::steady_clock::now() > deadline)
        return std::nullopt;
    auto result = answer.get();
    if (!result.ok())
      return std::nullopt;
    return std::move(result).value();
  }

  [[nodiscard]] bool stopped() const {
    return stop_ && stop_->load();
  }

private:
  stop_flag stop_;
};

std::optional<verify::token_account_facts> token_account_in(const std::optional<account_info>& info) {
  if (!info)
    return std::nullopt;
  // Whoever owns it wrote its data: only a token program's word counts, and that is compared later.
  const auto account = solana::token::decode_account(info->data);
  if (!account)
    return std::nullopt;
  return verify::token_account_facts{info->owner, account->mint, account->owner, domain::token_amount{account->amount}};
}

/// What one look showed.
struct look_result {
  verify::judgement judged;
  std::vector<verify_store::seen_movement> movements;
  std::size_t orders = 0;
  std::size_t attempts = 0;
  std::size_t in_flight = 0;
  std::uint64_t finalized_slot = 0;
};

struct sums_result {
  std::vector<verify_store::sum_finding> found;
  std::vector<verify::settled_question> right;
  /// As the endpoint with the highest finalized slot shows it.
  std::vector<verify::sum_line> lines;
  bool complete = true;
};

/// Reads stored facts and the chain side by side. Writes nothing.
class reader {
public:
  reader(verify_store& store, std::vector<std::shared_ptr<rpc_api>> endpoints, stop_flag stop,
         std::size_t max_transactions, std::uint64_t dust)
      : store_(store),
        endpoints_(std::move(endpoints)),
        calls_(std::move(stop)),
        max_transactions_(max_transactions),
        dust_(static_cast<domain::int128>(dust)) {}

  /// Those that answer, the one that is furthest first.
  seen_or_trouble<std::vector<eye>> open_eyes() const {
    std::vector<caller::pending<epoch_view>> answers;
    for (const auto& e : endpoints_)
      answers.push_back(
          caller::start<epoch_view>([&](auto done) { e->epoch_info(commitment::finalized, std::move(done)); }));
    std::vector<eye> eyes;
    for (std::size_t i = 0; i < answers.size(); ++i)
      if (const auto view = calls_.wait(answers[i]))
        eyes.push_back({endpoints_[i].get(), view->absolute_slot});
    if (eyes.empty())
      return failure{std::string{"no endpoint answers"}};
    std::stable_sort(eyes.begin(), eyes.end(),
                     [](const eye& a, const eye& b) { return a.finalized_slot > b.finalized_slot; });
    return eyes;
  }

  seen_or_trouble<look_result> look(const std::vector<domain::order_id>& ids) {
    look_result out;
    if (ids.empty())
      return out;
    // What is stored comes first, so that the chain cannot be behind it without showing; the slots come before all else
    // that an endpoint says.
    auto before = store_.load(ids);
    if (!before.ok())
      return failure{before.error().message};
    const auto eyes = open_eyes();
    if (!eyes)
      return failure{eyes.error()};
    out.finalized_slot = eyes->front().finalized_slot;
    std::vector<std::vector<chain_facts>> views;
    for (auto& starting : start_views(*before, *eyes))
      views.push_back(finish(*before, starting));
    auto moved = movements(*before, views, *eyes);
    // Whatever changed meanwhile was in flight: its turn comes again.
    const auto after = store_.load(ids);
    if (!after.ok())
      return failure{after.error().message};
    if (calls_.stopped())
      return failure{std::string{"stopped"}};
    std::map<domain::order_id, const order_facts*> now;
    for (const auto& o : *after)
      now.emplace(o.id, &o);
    for (std::size_t i = 0; i < before->size(); ++i) {
      auto& stored = (*before)[i];
      const auto same = now.find(stored.id);
      if (same == now.end() || *same->second != stored) {
        ++out.in_flight;
        continue;
      }
      ++out.orders;
      out.attempts += stored.attempts.size();
      for (auto& a : stored.attempts) {
        const auto found = moved.find(a.id);
        if (found == moved.end())
          continue;
        a.moved = found->second.moved;
        if (a.order == stored.id)
          out.movements.push_back(found->second);
      }
      std::vector<std::vector<verify::check>> answers;
      for (const auto& view : views)
        answers.push_back(verify::verify(stored, view[i]));
      auto judged = verify::judge(answers, needed());
      std::move(judged.found.begin(), judged.found.end(), std::back_inserter(out.judged.found));
      std::move(judged.right.begin(), judged.right.end(), std::back_inserter(out.judged.right));
    }
    return out;
  }

  seen_or_trouble<sums_result> sums(std::size_t max_accounts) {
    sums_result out;
    const auto before = store_.booked_accounts(max_accounts);
    if (!before.ok())
      return failure{before.error().message};
    out.complete = before->size() < max_accounts;
    const auto eyes = open_eyes();
    if (!eyes)
      return failure{eyes.error()};
    std::vector<std::pair<std::string, std::vector<verify::account_reading>>> readings;
    for (const auto& e : *eyes)
      if (auto read = readings_of(*before, e))
        readings.emplace_back(e.endpoint->name(), std::move(*read));
    if (readings.empty())
      return failure{std::string{"no endpoint shows the accounts"}};
    auto accounts = *before;
    if (anything_short(accounts, readings)) {
      const auto after = store_.booked_accounts(max_accounts);
      if (!after.ok())
        return failure{after.error().message};
      leave_out_changed(accounts, *after);
    }
    std::vector<std::vector<verify::check>> answers;
    std::map<std::string, std::pair<const verify::sum_line*, domain::int128>> by_subject;
    std::vector<std::vector<verify::sum_line>> lines;
    for (const auto& [name, read] : readings) {
      lines.push_back(verify::add_up(accounts, read));
      auto& checks = answers.emplace_back();
      for (const auto& line : lines.back())
        checks.push_back(verify::check_of(line, name, dust_));
    }
    for (const auto& of_one : lines)
      for (const auto& line : of_one) {
        const auto subject = verify::check_of(line, {}, dust_).subject;
        auto& least = by_subject.try_emplace(subject, &line, line.shortfall).first->second;
        least.second = std::min(least.second, line.shortfall);
      }
    // A token of which nothing is left has no line: what was short of it is at rest.
    const auto open = store_.open_sums();
    if (!open.ok())
      return failure{open.error().message};
    auto judged = verify::judge(answers, needed());
    for (auto& f : judged.found) {
      const auto& [line, least] = by_subject.at(f.subject);
      out.found.push_back({std::move(f), line->mint, line->of, least});
    }
    out.right = std::move(judged.right);
    if (readings.size() >= needed())
      for (const auto& subject : *open)
        if (!by_subject.contains(subject))
          out.right.push_back({verify::finding_kind::sum_short, subject});
    out.lines = std::move(lines.front());
    return out;
  }

private:
  struct starting_view {
    eye from;
    std::vector<caller::pending<accounts_view>> accounts;
    std::vector<domain::attempt_id> asked;
    std::vector<caller::pending<statuses_view>> statuses;
  };

  [[nodiscard]] std::size_t needed() const {
    return std::min<std::size_t>(2, endpoints_.size());
  }

  static std::vector<starting_view> start_views(const std::vector<order_facts>& orders, const std::vector<eye>& eyes) {
    std::vector<domain::attempt_id> asked;
    std::vector<solana::signature> signatures;
    std::set<domain::attempt_id> seen;
    for (const auto& o : orders)
      for (const auto* a : verify::attempts_to_ask(o))
        if (seen.insert(a->id).second) {
          asked.push_back(a->id);
          signatures.push_back(*a->signature);
        }
    std::vector<starting_view> views;
    for (const auto& e : eyes) {
      auto& view = views.emplace_back();
      view.from = e;
      view.asked = asked;
      for (std::size_t at = 0; at < orders.size(); at += orders_per_call) {
        // Both accounts of an order in one call: they are read in one bank.
        std::vector<solana::pubkey> keys;
        for (std::size_t i = at; i < std::min(orders.size(), at + orders_per_call); ++i) {
          keys.push_back(orders[i].order_account);
          keys.push_back(orders[i].output_account);
        }
        view.accounts.push_back(caller::start<accounts_view>([&](auto done) {
          e.endpoint->accounts(std::move(keys), commitment::finalized, e.finalized_slot, std::move(done));
        }));
      }
      for (std::size_t at = 0; at < signatures.size(); at += max_statuses_per_call) {
        const auto end = std::min(signatures.size(), at + max_statuses_per_call);
        std::vector<solana::signature> part{signatures.begin() + static_cast<std::ptrdiff_t>(at),
                                            signatures.begin() + static_cast<std::ptrdiff_t>(end)};
        view.statuses.push_back(caller::start<statuses_view>(
            [&](auto done) { e.endpoint->signature_statuses(std::move(part), true, std::move(done)); }));
      }
    }
    return views;
  }

  std::vector<chain_facts> finish(const std::vector<order_facts>& orders, starting_view& view) const {
    std::vector<chain_facts> facts(orders.size());
    for (auto& f : facts) {
      f.endpoint = view.from.endpoint->name();
      f.finalized_slot = view.from.finalized_slot;
    }
    for (std::size_t call = 0; call < view.accounts.size(); ++call) {
      const auto read = calls_.wait(view.accounts[call]);
      const auto first = call * orders_per_call;
      const auto count = std::min(orders.size() - first, orders_per_call);
      // No older bank than the endpoint itself claims to have finalized, and no short reply.
      if (!read || read->context_slot < view.from.finalized_slot || read->accounts.size() != 2 * count)
        continue;
      for (std::size_t i = 0; i < count; ++i)
        facts[first + i].accounts = verify::account_facts{read->context_slot, token_account_in(read->accounts[2 * i]),
                                                          token_account_in(read->accounts[2 * i + 1])};
    }
    std::map<domain::attempt_id, std::optional<signature_status>> statuses;
    for (std::size_t call = 0; call < view.statuses.size(); ++call) {
      const auto read = calls_.wait(view.statuses[call]);
      const auto first = call * max_statuses_per_call;
      const auto count = std::min(view.asked.size() - first, max_statuses_per_call);
      if (!read || read->statuses.size() != count)
        continue;
      for (std::size_t i = 0; i < count; ++i) {
        const auto& s = read->statuses[i];
        statuses[view.asked[first + i]] =
            s ? std::optional{signature_status{s->slot, static_cast<confirmation>(s->level), s->err}} : std::nullopt;
      }
    }
    for (std::size_t i = 0; i < orders.size(); ++i)
      for (const auto& a : orders[i].attempts)
        if (const auto at = statuses.find(a.id); at != statuses.end())
          facts[i].statuses.insert(*at);
    return facts;
  }

  static bool shown_landed(const verify::attempt_facts& a, const chain_facts& seen) {
    const auto status = seen.statuses.find(a.id);
    return status != seen.statuses.end() && status->second && status->second->level == confirmation::finalized &&
           !status->second->err && status->second->slot == a.slot;
  }

  static std::optional<verify::movement> movement_in(const transaction_view& t, const order_facts& o,
                                                     std::uint64_t slot) {
    // A record without any token balance is no record: every transaction of ours moves a token.
    if (t.err || t.slot != slot || (t.pre_token_balances.empty() && t.post_token_balances.empty()))
      return std::nullopt;
    const auto in = t.token_delta(o.order_account);
    const auto out = t.token_delta(o.output_account);
    return verify::movement{slot, in ? in->delta() : 0, out ? out->delta() : 0};
  }

  /// Of landed attempts whose status is right, from as many endpoints as needed, word for word the same.
  std::map<domain::attempt_id, verify_store::seen_movement> movements(
      const std::vector<order_facts>& orders, const std::vector<std::vector<chain_facts>>& views,
      const std::vector<eye>& eyes) const {
    struct asked {
      const order_facts* order;
      const verify::attempt_facts* attempt;
      std::vector<std::string> names;
      std::vector<caller::pending<std::optional<transaction_view>>> answers;
    };
    std::vector<asked> list;
    for (std::size_t i = 0; i < orders.size() && list.size() < max_transactions_; ++i) {
      for (const auto& a : orders[i].attempts) {
        if (a.order != orders[i].id || a.outcome != attempt_outcome::landed || a.settled || !a.signature ||
            list.size() >= max_transactions_)
          continue;
        asked one{&orders[i], &a, {}, {}};
        for (std::size_t e = 0; e < eyes.size() && one.names.size() < needed(); ++e) {
          if (!shown_landed(a, views[e][i]))
            continue;
          one.names.push_back(eyes[e].endpoint->name());
          one.answers.push_back(caller::start<std::optional<transaction_view>>(
              [&](auto done) { eyes[e].endpoint->transaction(*a.signature, commitment::finalized, std::move(done)); }));
        }
        if (one.names.size() == needed())
          list.push_back(std::move(one));
      }
    }
    std::map<domain::attempt_id, verify_store::seen_movement> found;
    for (auto& one : list) {
      std::optional<verify::movement> agreed;
      bool same = true;
      for (auto& answer : one.answers) {
        const auto view = calls_.wait(answer);
        const auto moved = view && *view ? movement_in(**view, *one.order, *one.attempt->slot) : std::nullopt;
        same = same && moved && (!agreed || *agreed == *moved);
        agreed = moved;
      }
      if (same && agreed)
        found.emplace(one.attempt->id, verify_store::seen_movement{one.attempt->id, *agreed, one.names.front()});
    }
    return found;
  }

  std::optional<std::vector<verify::account_reading>> readings_of(const std::vector<verify::booked_account>& accounts,
                                                                  const eye& from) const {
    constexpr std::size_t calls_at_once = 8;
    std::vector<verify::account_reading> readings;
    readings.reserve(accounts.size());
    for (std::size_t at = 0; at < accounts.size(); at += calls_at_once * max_accounts_per_call) {
      std::vector<std::pair<std::size_t, caller::pending<accounts_view>>> calls;
      const auto round_end = std::min(accounts.size(), at + calls_at_once * max_accounts_per_call);
      for (std::size_t first = at; first < round_end; first += max_accounts_per_call) {
        std::vector<solana::pubkey> keys;
        for (std::size_t i = first; i < std::min(round_end, first + max_accounts_per_call); ++i)
          keys.push_back(accounts[i].account);
        const auto count = keys.size();
        calls.emplace_back(count, caller::start<accounts_view>([&](auto done) {
                             from.endpoint->accounts(std::move(keys), commitment::finalized, from.finalized_slot,
                                                     std::move(done));
                           }));
      }
      for (auto& [count, call] : calls) {
        const auto read = calls_.wait(call);
        if (!read || read->context_slot < from.finalized_slot || read->accounts.size() != count)
          return std::nullopt;
        for (const auto& info : read->accounts)
          readings.push_back({read->context_slot, token_account_in(info)});
      }
    }
    return readings;
  }

  bool anything_short(const std::vector<verify::booked_account>& accounts,
                      const std::vector<std::pair<std::string, std::vector<verify::account_reading>>>& readings) const {
    for (const auto& [name, read] : readings)
      for (const auto& line : verify::add_up(accounts, read))
        if (line.shortfall > dust_)
          return true;
    return false;
  }

  /// An account on which something was stored since tells nothing.
  static void leave_out_changed(std::vector<verify::booked_account>& accounts,
                                const std::vector<verify::booked_account>& after) {
    std::map<solana::pubkey, const verify::booked_account*> now;
    for (const auto& a : after)
      now.emplace(a.account, &a);
    for (auto& a : accounts) {
      const auto same = now.find(a.account);
      if (same == now.end() || *same->second != a)
        a.in_flight = true;
    }
  }

  verify_store& store_;
  std::vector<std::shared_ptr<rpc_api>> endpoints_;
  caller calls_;
  std::size_t max_transactions_;
  domain::int128 dust_;
};

}  // namespace

domain::result<domain::done, std::string> verifier_config::validate() const {
  if (pace <= domain::milliseconds{0} || sum_pace <= domain::milliseconds{0})
    return failure{std::string{"the verifier's paces have to be above 0"}};
  if (batch < 4 || max_transactions == 0 || max_sum_accounts == 0)
    return failure{std::string{"the verifier looks at 4 orders, a transaction and an account at least"}};
  if (policy.looks_before_hold < 2 || policy.looks_before_halt < 2)
    return failure{std::string{"one look alone neither holds an order nor halts signing"}};
  return domain::done{};
}

struct verifier::impl {
  verifier_config config;
  const runtime::clock& clock;
  verifier_reports reports;
  verify_store store;
  reader eyes;

  std::optional<domain::order_id> after_unsettled;
  std::optional<domain::order_id> after_all;
  domain::utc_time pass_began;
  std::map<std::string, bool> trouble;

  runtime::counter_handle orders;
  runtime::counter_handle attempts;
  runtime::counter_handle in_flight;
  runtime::counter_handle holds;
  runtime::counter_handle halts;
  runtime::counter_handle failures;
  runtime::counter_handle passes;
  runtime::gauge_handle pass_seconds;
  runtime::gauge_handle finalized_slot;
  runtime::gauge_handle open_money;
  runtime::gauge_handle open_others;
  runtime::gauge_handle halted;

  impl(verifier_config c, std::vector<std::shared_ptr<rpc_api>> endpoints, const runtime::clock& time,
       verifier_reports r)
      : config(std::move(c)),
        clock(time),
        reports(std::move(r)),
        store(config.database),
        eyes(store, std::move(endpoints), config.stop, config.max_transactions, config.dust),
        pass_began(clock.now()) {
    if (reports.metrics == nullptr)
      return;
    auto& m = *reports.metrics;
    orders = m.counter("landfall_verifier_orders_looked_at_total", "Orders compared with the finalized chain.");
    attempts = m.counter("landfall_verifier_attempts_looked_at_total", "Attempts of those orders.");
    in_flight = m.counter("landfall_verifier_orders_in_flight_total", "Orders that moved while they were looked at.");
    holds = m.counter("landfall_verifier_holds_total", "Orders held.");
    halts = m.counter("landfall_verifier_halts_total", "Halts of all new signing.");
    failures = m.counter("landfall_verifier_failures_total", "Looks to which database or endpoints gave no answer.");
    passes = m.counter("landfall_verifier_passes_total", "Walks over all orders that were finished.");
    pass_seconds = m.gauge("landfall_verifier_pass_seconds", "How long the last walk over all orders took.");
    finalized_slot = m.gauge("landfall_verifier_finalized_slot", "Highest finalized slot of the last look.");
    open_money = m.gauge("landfall_verifier_open_discrepancies", "Open discrepancies.", {{"touches_money", "true"}});
    open_others = m.gauge("landfall_verifier_open_discrepancies", "Open discrepancies.", {{"touches_money", "false"}});
    halted = m.gauge("landfall_verifier_signing_halted", "1 while all new signing is halted.");
  }

  /// `about` is the part of the work: its first trouble and its end are logged, not each one between.
  bool troubled(const std::string& about, const std::string& why) {
    failures.inc();
    if (!std::exchange(trouble[about], true))
      runtime::log_warn("verifier_cannot_look", {{"at", about}, {"why", why}});
    if (reports.health != nullptr)
      reports.health->set(reports.health_check, false, about + ": " + why);
    return false;
  }

  bool worked(const std::string& about) {
    if (std::exchange(trouble[about], false))
      runtime::log_info("verifier_looks_again", {{"at", about}});
    const bool all_well = std::none_of(trouble.begin(), trouble.end(), [](const auto& t) { return t.second; });
    if (reports.health != nullptr && all_well)
      reports.health->set(reports.health_check, true);
    return true;
  }

  /// Orders of the next look; an error is the database's sentence.
  domain::result<std::vector<domain::order_id>, std::string> next_orders() {
    std::vector<domain::order_id> ids;
    std::set<domain::order_id> known;
    const auto take = [&](const std::vector<domain::order_id>& more) {
      for (const auto& id : more)
        if (known.insert(id).second)
          ids.push_back(id);
    };
    const int quarter = config.batch / 4;
    const auto wrong = store.with_findings(quarter);
    if (!wrong.ok())
      return failure{wrong.error().message};
    take(*wrong);
    const auto fresh = store.just_landed(just_landed_within, quarter);
    if (!fresh.ok())
      return failure{fresh.error().message};
    take(*fresh);
    const auto moving = store.unsettled(after_unsettled, quarter);
    if (!moving.ok())
      return failure{moving.error().message};
    take(*moving);
    const auto any = store.all(after_all, quarter);
    if (!any.ok())
      return failure{any.error().message};
    take(*any);
    const auto full = [&](const auto& page) { return page.size() == static_cast<std::size_t>(quarter); };
    after_unsettled = full(*moving) ? std::optional{moving->back()} : std::nullopt;
    after_all = full(*any) ? std::optional{any->back()} : std::nullopt;
    return ids;
  }

  void tell(const std::vector<finding>& found, const verify_store::recorded& stored) {
    std::set<std::pair<verify::finding_kind, std::string>> is_new;
    for (const auto& o : stored.opened)
      is_new.emplace(o.kind, o.subject);
    for (const auto& f : found) {
      if (!is_new.contains({f.kind, f.subject}))
        continue;
      if (reports.metrics != nullptr)
        reports.metrics
            ->counter("landfall_verifier_findings_total", "Discrepancies found.",
                      {{"kind", std::string{to_string(f.kind)}}})
            .inc();
      runtime::log(f.money ? runtime::level::error : runtime::level::warn, "discrepancy_found",
                   {{"kind", to_string(f.kind)},
                    {"subject", f.subject},
                    {"order_id", f.order ? f.order->to_string() : std::string{}},
                    {"detail", f.detail},
                    {"expected", f.expected},
                    {"observed", f.observed},
                    {"slot", f.slot},
                    {"endpoint", f.endpoint},
                    {"agreed", f.agreed}});
    }
    for (const auto& c : stored.closed)
      runtime::log_info("discrepancy_closed", {{"kind", to_string(c.kind)}, {"subject", c.subject}});
    for (const auto& h : stored.held) {
      holds.inc();
      runtime::log_error("order_held", {{"order_id", h.order.to_string()}, {"why", h.reason}});
    }
  }

  void standing() {
    const auto now = store.now_open();
    if (!now.ok())
      return;
    open_money.set(static_cast<double>(now->money));
    open_others.set(static_cast<double>(now->others));
    halted.set(now->halted ? 1 : 0);
  }

  bool look() {
    const auto ids = next_orders();
    if (!ids)
      return troubled("orders", ids.error());
    const auto seen = eyes.look(*ids);
    if (!seen)
      return troubled("orders", seen.error());
    const auto stored = store.record(seen->judged, seen->movements, config.policy);
    if (!stored.ok())
      return troubled("orders", stored.error().message);
    tell(seen->judged.found, *stored);
    orders.inc(static_cast<double>(seen->orders));
    attempts.inc(static_cast<double>(seen->attempts));
    in_flight.inc(static_cast<double>(seen->in_flight));
    if (seen->finalized_slot > 0)
      finalized_slot.set(static_cast<double>(seen->finalized_slot));
    if (!after_all) {
      passes.inc();
      const auto now = clock.now();
      pass_seconds.set(static_cast<double>((now - pass_began).count()) / 1000);
      pass_began = now;
    }
    standing();
    return worked("orders");
  }

  bool look_at_sums() {
    const auto seen = eyes.sums(config.max_sum_accounts);
    if (!seen)
      return troubled("sums", seen.error());
    if (!seen->complete)
      runtime::log_warn("sums_incomplete", {{"accounts", static_cast<std::uint64_t>(config.max_sum_accounts)}});
    const auto stored = store.record_sums(seen->found, seen->right, config.instance, config.policy);
    if (!stored.ok())
      return troubled("sums", stored.error().message);
    std::vector<finding> found;
    for (const auto& f : seen->found)
      found.push_back(f.what);
    tell(found, stored->findings);
    for (const auto& reason : stored->halts) {
      halts.inc();
      runtime::log_error("signing_halted", {{"why", reason}});
    }
    standing();
    return worked("sums");
  }
};

verifier::verifier(verifier_config config, std::vector<std::shared_ptr<rpc_api>> endpoints, const runtime::clock& clock,
                   verifier_reports reports)
    : impl_(std::make_unique<impl>(std::move(config), std::move(endpoints), clock, std::move(reports))) {}
verifier::~verifier() = default;

bool verifier::look() {
  return impl_->look();
}

bool verifier::look_at_sums() {
  return impl_->look_at_sums();
}

namespace {

struct verifier_state {
  static inline const char* name = "verifier";
  std::unique_ptr<verifier> work;
};

verifier_actor::behavior_type verifier_behavior(verifier_actor::stateful_pointer<verifier_state> self,
                                                verifier_config config, std::vector<std::shared_ptr<rpc_api>> endpoints,
                                                const runtime::clock* clock, verifier_reports reports) {
  const auto pace = config.pace;
  const auto sum_pace = config.sum_pace;
  self->state.work = std::make_unique<verifier>(std::move(config), std::move(endpoints), *clock, std::move(reports));
  self->send(self, verifier_look_tick{});
  self->delayed_send(self, sum_pace, verifier_sum_tick{});
  return {
      [self, pace](verifier_look_tick) {
        (void)self->state.work->look();
        self->delayed_send(self, pace, verifier_look_tick{});
      },
      [self, sum_pace](verifier_sum_tick) {
        (void)self->state.work->look_at_sums();
        self->delayed_send(self, sum_pace, verifier_sum_tick{});
      },
  };
}

}  // namespace

verifier_actor spawn_verifier(caf::actor_system& system, verifier_config config,
                              std::vector<std::shared_ptr<rpc_api>> endpoints, const runtime::clock& clock,
                              verifier_reports reports) {
  if (const auto valid = config.validate(); !valid)
    domain::broken_invariant(valid.error().c_str());
  return system.spawn<caf::detached>(verifier_behavior, std::move(config), std::move(endpoints), &clock,
                                     std::move(reports));
}

// ---- Once, for the operator's command line ----

namespace {

using question = std::pair<verify::finding_kind, std::string>;

std::set<question> questions(const std::vector<finding>& found) {
  std::set<question> list;
  for (const auto& f : found)
    list.emplace(f.kind, f.subject);
  return list;
}

/// Only what is found again stays.
void keep_confirmed(std::vector<finding>& found, const std::vector<finding>& again) {
  const auto confirmed = questions(again);
  std::erase_if(found, [&](const finding& f) { return !confirmed.contains({f.kind, f.subject}); });
}

std::vector<finding> findings_of(const sums_result& sums) {
  std::vector<finding> list;
  for (const auto& f : sums.found)
    list.push_back(f.what);
  return list;
}

void wait_for_later_slot(const reader& eyes, std::uint64_t slot) {
  const auto deadline = std::chrono::steady_clock::now() + second_look_wait;
  while (std::chrono::steady_clock::now() < deadline) {
    const auto open = eyes.open_eyes();
    if (open && open->front().finalized_slot > slot)
      return;
    std::this_thread::sleep_for(second_look_poll);
  }
}

}  // namespace

verify_summary verify_once(const postgres::database::options& database, std::vector<std::shared_ptr<rpc_api>> endpoints,
                           const verify_request& request) {
  verify_summary out;
  verify_store store{database};
  reader eyes{store, std::move(endpoints), {}, 2 * once_batch, 0};
  std::uint64_t slot = 0;
  std::optional<domain::order_id> after;
  do {
    std::vector<domain::order_id> ids;
    if (request.order) {
      ids = {*request.order};
    } else {
      auto page = store.all(after, once_batch);
      if (!page.ok()) {
        out.trouble = page.error().message;
        return out;
      }
      ids = std::move(*page);
      after = ids.size() == static_cast<std::size_t>(once_batch) ? std::optional{ids.back()} : std::nullopt;
    }
    auto seen = eyes.look(ids);
    if (!seen) {
      out.trouble = seen.error();
      return out;
    }
    if (request.order && seen->orders + seen->in_flight == 0) {
      out.trouble = "there is no order " + request.order->to_string();
      return out;
    }
    out.orders += seen->orders;
    out.attempts += seen->attempts;
    out.orders_in_flight += seen->in_flight;
    slot = std::max(slot, seen->finalized_slot);
    std::move(seen->judged.found.begin(), seen->judged.found.end(), std::back_inserter(out.findings));
  } while (after);

  std::vector<domain::order_id> doubtful;
  std::set<domain::order_id> known;
  for (const auto& f : out.findings)
    if (f.order && known.insert(*f.order).second)
      doubtful.push_back(*f.order);
  if (!doubtful.empty()) {
    wait_for_later_slot(eyes, slot);
    const auto again = eyes.look(doubtful);
    if (!again)
      out.trouble = again.error();
    else
      keep_confirmed(out.findings, again->judged.found);
  }
  if (request.order)
    return out;

  auto sums = eyes.sums(verifier_config{}.max_sum_accounts);
  if (!sums) {
    out.trouble = sums.error();
    return out;
  }
  out.sums = sums->lines;
  auto short_sums = findings_of(*sums);
  if (!short_sums.empty()) {
    wait_for_later_slot(eyes, slot);
    const auto again = eyes.sums(verifier_config{}.max_sum_accounts);
    if (!again)
      out.trouble = again.error();
    else
      keep_confirmed(short_sums, findings_of(*again));
  }
  std::move(short_sums.begin(), short_sums.end(), std::back_inserter(out.findings));
  return out;
}

namespace {

/// Builds one JSON object.
class json_object {
public:
  json_object& text(std::string_view name, std::string_view value) {
    key(name);
    runtime::append_json_string(out_, value);
    return *this;
  }
  json_object& raw(std::string_view name, std::string_view value) {
    key(name);
    out_ += value;
    return *this;
  }
  json_object& number(std::string_view name, std::uint64_t value) {
    return raw(name, std::to_string(value));
  }
  json_object& yes(std::string_view name, bool value) {
    return raw(name, value ? "true" : "false");
  }
  template <class Id>
  json_object& id(std::string_view name, const std::optional<Id>& value) {
    return value ? text(name, value->to_string()) : raw(name, "null");
  }
  std::string take() {
    return std::move(out_) + "}";
  }

private:
  void key(std::string_view name) {
    out_ += out_.size() > 1 ? ",\"" : "\"";
    out_ += name;
    out_ += "\":";
  }
  std::string out_ = "{";
};

template <class Items, class Text>
std::string json_list(const Items& items, Text text) {
  std::string out = "[";
  for (const auto& item : items)
    out += (out.size() > 1 ? "," : "") + text(item);
  return out + "]";
}

}  // namespace

std::string to_json(const verify_summary& s) {
  json_object out;
  out.number("orders", s.orders).number("attempts", s.attempts).number("ordersInFlight", s.orders_in_flight);
  out.raw("findings", json_list(s.findings, [](const finding& f) {
            json_object o;
            o.text("kind", to_string(f.kind)).text("subject", f.subject).id("orderId", f.order);
            o.id("attemptId", f.attempt).text("detail", f.detail).text("expected", f.expected);
            o.text("observed", f.observed).number("slot", f.slot).text("endpoint", f.endpoint);
            return o.yes("touchesMoney", f.money).yes("agreed", f.agreed).take();
          }));
  out.raw("sums", json_list(s.sums, [](const verify::sum_line& line) {
            json_object o;
            o.text("mint", line.mint.to_string()).text("side", to_string(line.of));
            o.text("booked", verify::to_text(line.booked)).text("observed", verify::to_text(line.observed));
            o.text("shortfall", verify::to_text(line.shortfall)).number("accounts", line.accounts);
            return o.number("leftOut", line.left_out).number("slot", line.slot).take();
          }));
  if (s.trouble.empty())
    out.raw("trouble", "null");
  else
    out.text("trouble", s.trouble);
  return out.yes("clean", s.clean()).take();
}

std::string to_table(const verify_summary& s) {
  std::string out;
  for (const auto& f : s.findings)
    out += std::string{to_string(f.kind)} + (f.money ? "  MONEY  " : "  ") + f.subject +
           (f.attempt && f.order ? "  order " + f.order->to_string() : "") + "\n  " + f.detail + "\n  expected " +
           f.expected + ", observed " + f.observed + " (slot " + std::to_string(f.slot) + ", " + f.endpoint +
           (f.agreed ? ")\n" : ", no second endpoint)\n");
  for (const auto& line : s.sums)
    out += "sum  " + line.mint.to_string() + "  " + std::string{to_string(line.of)} + "  booked " +
           verify::to_text(line.booked) + "  observed " + verify::to_text(line.observed) + "  short " +
           verify::to_text(line.shortfall) + "  accounts " + std::to_string(line.accounts) + "  left out " +
           std::to_string(line.left_out) + "\n";
  if (!s.trouble.empty())
    out += "not finished: " + s.trouble + "\n";
  out += std::to_string(s.orders) + " orders, " + std::to_string(s.attempts) + " attempts, " +
         std::to_string(s.orders_in_flight) + " in flight, " + std::to_string(s.findings.size()) + " findings\n";
  return out;
}

}  // namespace landfall::executor
