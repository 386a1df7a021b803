#include "tests/simulation/process.hpp"

#include <algorithm>
#include <utility>

namespace landfall::simulation {

namespace {

std::optional<executor::commit_error> error_of(const commit_result& result) {
  using executor::commit_fault;
  if (result.what == commit_status::done)
    return std::nullopt;
  const auto kind = result.what == commit_status::constraint    ? commit_fault::constraint
                    : result.what == commit_status::unavailable ? commit_fault::unavailable
                                                                : commit_fault::in_doubt;
  return executor::commit_error{kind, std::string{result.sqlstate}, std::string{result.why}};
}

}  // namespace

process::process(world& w, int number) : w_(w), number_(number) {}

void process::start() {
  alive_ = true;
  swap_permits_ = payment_permits_ = {w_.plan.build_permits, {}, {}};
  ++generation_;
  paused_until_ = 0;
  commit_writer_free_at_ = w_.time.now();
  w_.tell("process ", number_, " starts");
  soon(w_.dice.between(0, 500), [](process& p) { p.claim_tick(); });
  soon(w_.plan.lease_ms / 3, [](process& p) { p.lease_tick(); });
  soon(w_.plan.status_poll_ms, [](process& p) { p.status_tick(); });
}

void process::halt() {
  alive_ = false;
  ++generation_;
  drivers_.clear();
  adopting_.clear();
  endpoints_ = {};
  scans_.clear();
  hash_.reset();
}

void process::crash() {
  if (!alive_)
    return;
  w_.tell("process ", number_, " crashes");
  halt();
  w_.time.after(w_.dice.between(50, 8'000), [this] {
    if (!alive_)
      start();
  });
}

void process::pause(std::int64_t ms) {
  w_.tell("process ", number_, " stands still for ", ms, " ms");
  paused_until_ = w_.time.now() + ms;
}

order_driver* process::find(std::uint64_t serial) {
  for (auto& driver : drivers_)
    if (driver->serial() == serial)
      return driver->ended() ? nullptr : driver.get();
  return nullptr;
}

void process::broadcast(std::size_t transaction) {
  const auto order = w_.chain.transaction(transaction).order;
  w_.checker.leaves_process(w_.database.orders()[order], transaction);
  w_.time.after(w_.network_ms(), [w = &w_, transaction] { w->send(transaction); });
}

void process::hand_over(std::uint64_t serial, std::size_t transaction) {
  const auto order = w_.chain.transaction(transaction).order;
  w_.checker.leaves_process(w_.database.orders()[order], transaction);
  if (w_.goes_wrong(w_.plan.maker_trouble / 2))
    return;
  w_.time.after(w_.network_ms(), [this, generation = generation_, serial, transaction] {
    const auto said = w_.maker.handed(transaction);
    if (said && generation == generation_)
      later(w_.network_ms(), serial,
            [transaction, yes = *said](order_driver& to) { to.on_maker_answered(transaction, yes); });
  });
}

std::optional<process::fresh_blockhash> process::blockhash() {
  const auto age = now() - hash_at_;
  if (hash_ && age >= domain::milliseconds{0} && age < domain::milliseconds{1'000})
    return hash_;
  for (int e = 0; e < w_.plan.endpoints; ++e) {
    if (w_.goes_wrong(w_.plan.rpc_error))
      continue;
    const auto view = w_.backend();
    const auto height = w_.chain.confirmed(view);
    const auto later = w_.backend();
    const auto last_valid = height + 150;
    const auto then = w_.chain.confirmed(later);
    const auto left = last_valid > then ? last_valid - then : 0;
    if (left < 100 || left > 300)
      continue;
    hash_ = fresh_blockhash{height, w_.chain.at(view, height).id, w_.chain.at(view, height).slot};
    hash_at_ = now();
    return hash_;
  }
  return std::nullopt;
}

// --- dispatcher ---

void process::claim_tick() {
  claim();
  soon(w_.plan.claim_poll_ms, [](process& p) { p.claim_tick(); });
}

void process::claim() {
  // The dispatcher waits for the database.
  if (!adopting_.empty() || w_.goes_wrong(w_.plan.database_down))
    return;
  std::vector<std::size_t> claimed;
  w_.database.claim(number_, w_.time.now(), w_.plan.lease_ms, w_.policy.steps.expiry_grace.count(), claimed);
  if (claimed.empty() || w_.goes_wrong(w_.plan.commit_in_doubt))
    return;
  for (const auto order : claimed)
    adopting_.push_back(w_.database.orders()[order]);
  soon(w_.dice.between(1, w_.plan.database_ms), [](process& p) { p.adopt(); });
}

void process::adopt() {
  for (const auto& loaded : std::exchange(adopting_, {})) {
    for (auto& old : drivers_)
      if (old->number() == loaded.number)
        old->end();
    drivers_.push_back(std::make_unique<order_driver>(*this, loaded, ++last_serial_));
    w_.tell("  process ", number_, " works on order ", loaded.number, " (", to_string(loaded.row.state),
            ") under epoch ", loaded.row.lease_epoch);
    later(0, last_serial_, [](order_driver& to) { to.feed(executor::events::started{}); });
  }
}

void process::lease_tick() {
  if (!w_.goes_wrong(w_.plan.database_down))
    for (std::size_t i = 0; i < drivers_.size(); ++i) {
      auto& driver = *drivers_[i];
      if (!driver.ended() &&
          !w_.database.renew(driver.number(), driver.epoch(), number_, w_.time.now(), w_.plan.lease_ms))
        driver.feed(executor::events::stop{});
    }
  soon(w_.plan.lease_ms / 3, [](process& p) { p.lease_tick(); });
}

// --- rounds of status questions: the finalized height first, the status after it ---

void process::status_tick() {
  const auto endpoints = static_cast<std::size_t>(w_.plan.endpoints);
  for (std::size_t e = 0; e < endpoints; ++e) {
    const bool asked =
        std::any_of(drivers_.begin(), drivers_.end(), [e](const auto& driver) { return driver->watches(e); });
    if (asked && !endpoints_[e].round_under_way)
      begin_round(e);
  }
  soon(w_.plan.status_poll_ms, [](process& p) { p.status_tick(); });
}

void process::begin_round(std::size_t e) {
  const auto finalized = w_.finalized_of(e);
  if (!finalized)
    return;
  endpoints_[e].round_under_way = true;
  soon(w_.network_ms(), [e, f = *finalized](process& p) { p.on_finalized(e, f); });
}

void process::on_finalized(std::size_t e, world::height_and_slot finalized) {
  auto& memory = endpoints_[e];
  const bool mixes = w_.is(mutant::height_and_status_mixed);
  if (!mixes && (finalized.slot < memory.finalized_slot || finalized.height < memory.finalized_height)) {
    memory.round_under_way = false;
    return;
  }
  memory.finalized_slot = std::max(memory.finalized_slot, finalized.slot);
  memory.finalized_height = std::max(memory.finalized_height, finalized.height);

  const bool error = w_.goes_wrong(w_.plan.rpc_error);
  if (error && !w_.is(mutant::error_read_as_null)) {
    memory.round_under_way = false;
    return;
  }
  const auto view = w_.backend();
  const bool lies = e == 0 && w_.plan.lying != lie::none && w_.goes_wrong(800);
  memory.answers.clear();
  for (const auto& driver : drivers_) {
    const auto transaction = driver->watches(e);
    if (!transaction)
      continue;
    auto found = w_.status_of(e, view, lies, *transaction);
    if (error)
      found = {memory.finalized_slot + 1, {}};
    if (mixes)
      found.context_slot = std::max({found.context_slot, memory.status_slot_floor, memory.finalized_slot});
    memory.answers.push_back({driver->serial(),
                              *transaction,
                              {std::string(1, static_cast<char>('a' + e)), memory.finalized_height,
                               memory.finalized_slot, found.context_slot, true, found.status}});
  }
  soon(w_.network_ms(), [e](process& p) { p.on_statuses(e); });
}

void process::on_statuses(std::size_t e) {
  auto& memory = endpoints_[e];
  memory.round_under_way = false;
  for (auto& [serial, transaction, seen] : std::exchange(memory.answers, {})) {
    if (seen.status_context_slot < memory.status_slot_floor)
      return;
    memory.status_slot_floor = seen.status_context_slot;
    if (auto* driver = find(serial))
      driver->on_status(transaction, seen);
  }
}

// --- commit writer ---

void process::commit(std::uint64_t serial, write_unit unit, bool for_people) {
  const auto free = std::find_if(commits_.begin(), commits_.end(), [](const auto& c) { return !c.used; });
  const auto slot = static_cast<std::size_t>(free - commits_.begin());
  if (free == commits_.end())
    commits_.emplace_back();
  commits_[slot] = {true, w_.dice.chance(500), for_people, generation_, serial, std::move(unit), {}};
  commit_writer_free_at_ = std::max(commit_writer_free_at_, w_.time.now()) + w_.dice.between(1, w_.plan.database_ms);
  w_.time.after(commit_writer_free_at_ - w_.time.now(), [this, slot] { write(slot); });
}

void process::write(std::size_t slot) {
  auto& c = commits_[slot];
  // A write that had left the process happens although the process died or stands still.
  if (!c.left && c.generation != generation_) {
    c.used = false;
    return;
  }
  if (!c.left && paused())
    return w_.time.after(paused_until_ - w_.time.now(), [this, slot] { write(slot); });
  if (w_.goes_wrong(w_.plan.database_down)) {
    c.result = {commit_status::unavailable, {}, "no connection"};
  } else if (w_.goes_wrong(w_.plan.commit_in_doubt)) {
    if (w_.dice.chance(500))
      (void)w_.database.commit(c.unit, w_.time.now());
    c.result = {commit_status::in_doubt, {}, "the connection broke during COMMIT"};
  } else {
    c.result = w_.database.commit(c.unit, w_.time.now());
  }
  if (c.result.what != commit_status::done && !c.for_people) {
    ++w_.result.refused_writes;
    w_.tell("  process ", number_, " order ", c.unit.order, ": write refused: ", c.result.sqlstate, " ", c.result.why);
  }
  w_.time.after(w_.dice.between(1, w_.plan.database_ms), [this, slot, g = c.generation] { answer(slot, g); });
}

void process::answer(std::size_t slot, std::uint64_t generation) {
  if (generation == generation_ && paused())
    return w_.time.after(paused_until_ - w_.time.now(), [this, slot, generation] { answer(slot, generation); });
  const auto c = std::exchange(commits_[slot], {});
  if (generation != generation_)
    return;
  if (auto* driver = find(c.serial); driver != nullptr && c.for_people)
    driver->feed(
        executor::events::broadcast_marked{std::get<executor::write::mark_broadcast>(c.unit.writes.front()).attempt,
                                           c.result.what == commit_status::done});
  else if (driver != nullptr)
    driver->feed(executor::events::committed{error_of(c.result)});
  forget_ended();
}

// --- permits to build ---

void process::acquire_permit(std::uint64_t serial, executor::attempt_kind kind) {
  auto& from = kind == executor::attempt_kind::swap ? swap_permits_ : payment_permits_;
  from.waiting.push_back(serial);
  grant(from);
}

void process::grant(permits& from) {
  while (from.free > 0 && !from.waiting.empty()) {
    --from.free;
    from.holders.push_back(from.waiting.front());
    from.waiting.pop_front();
    later(1, from.holders.back(), [](order_driver& to) { to.feed(executor::events::permit_granted{}); });
  }
}

void process::release_permit(std::uint64_t serial) {
  for (auto* from : {&swap_permits_, &payment_permits_}) {
    std::erase(from->waiting, serial);
    from->free += static_cast<int>(std::erase(from->holders, serial));
    grant(*from);
  }
}

void process::forget_ended() {
  for (const auto& driver : drivers_)
    if (driver->ended())
      release_permit(driver->serial());
  std::erase_if(drivers_, [](const auto& driver) { return driver->ended(); });
}

}  // namespace landfall::simulation
