#include "tests/simulation/effect_checker.hpp"

#include <algorithm>

namespace landfall::simulation {

namespace events = executor::events;
namespace effects = executor::effects;
namespace write = executor::write;
using executor::commit_fault;

namespace {

template <class T, class Variant>
bool is(const Variant& v) {
  return std::holds_alternative<T>(v);
}

template <class Write>
bool holds(const effects::commit& e) {
  return std::any_of(e.writes.begin(), e.writes.end(), [](const auto& w) { return is<Write>(w); });
}

}  // namespace

void effect_checker::fail(std::string_view rule) {
  if (broken_.empty())
    broken_ = rule;
}

void effect_checker::begins(const executor::order_event& e) {
  tick_ = is<events::tick>(e);
  repeats_ = is<events::commit_retry>(e);
  repeat_due_ = repeat_due_ && !repeats_;
  sends_ = watches_ = rolled_back_ = false;
  on_its_way_ = is<events::submitted>(e);
  stopping_ = stopping_ || is<events::stop>(e);
  permit_ = permit_ || is<events::permit_granted>(e);
  if (is<events::balance_read>(e) || is<events::swap_read>(e) || is<events::fee_read>(e) || is<events::unanswered>(e) ||
      is<events::built>(e) || is<events::committed>(e))
    task_open_ = false;
  if (is<events::built>(e) && stopping_)
    signed_since_stop_ = true;
  if (const auto* committed = std::get_if<events::committed>(&e))
    answered(*committed);
}

void effect_checker::answered(const events::committed& e) {
  if (!e.error)
    return;
  repeat_due_ = e.error->kind == commit_fault::unavailable;
  in_doubt_ = in_doubt_ || e.error->kind == commit_fault::in_doubt;
  refused_ = refused_ || e.error->kind == commit_fault::constraint;
}

void effect_checker::sees(const executor::order_effect& e, domain::utc_time now, instant at) {
  if (const auto* commit = std::get_if<effects::commit>(&e))
    sees_commit(*commit);
  else if (is<effects::read_deposit>(e) || is<effects::read_balance>(e) || is<effects::read_swap>(e) ||
           is<effects::read_fee>(e) || is<effects::build>(e))
    sees_task();
  else if (is<effects::watch>(e) || is<effects::search_history>(e))
    watches_ = true;
  else if (is<effects::release_permit>(e))
    permit_ = false;
  else if (const auto* sent = std::get_if<effects::broadcast>(&e))
    sees_sent(sent->what, at);
  else if (const auto* submitted = std::get_if<effects::submit>(&e))
    on_its_way_ = true, sees_sent(submitted->what, at);
  if (is<effects::watch>(e))
    watched_since_ = now;
}

void effect_checker::sees_task() {
  if (task_open_)
    fail("two commits or questions at once");
  task_open_ = true;
}

void effect_checker::sees_commit(const effects::commit& e) {
  sees_task();
  rolled_back_ = holds<write::unconfirm>(e) && !holds<write::resolve>(e) && !repeats_;
  if (in_doubt_)
    fail("a commit after one that is in doubt");
  if (refused_ && (e.writes.size() != 1 || !is<write::release>(e.writes.front())))
    fail("a commit other than a release after a refusal");
  if (signed_since_stop_ && holds<write::insert_attempt>(e))
    fail("what was signed after the stop is stored");
}

void effect_checker::sees_sent(const executor::attempt& a, instant at) {
  const bool again = sent_ && sent_->id == a.id;
  if (again && at - sent_at_ < policy_.rebroadcast.count())
    fail("the same bytes go out again too soon");
  sends_ = true;
  sent_ = a;
  sent_at_ = at;
}

void effect_checker::ends(domain::utc_time now) {
  if (permit_ && on_its_way_)
    fail("a permit is kept although what was built is on its way");
  if (rolled_back_ && !watches_)
    fail("rolled back, and not observed anew");
  if (tick_ && sends_ && !sent_->maker && !task_open_ && !repeat_due_ && !stopping_ &&
      now - watched_since_ >= policy_.overdue_polling && is_overdue(*sent_, policy_.resolution, now))
    fail("an overdue attempt keeps its lease");
}

}  // namespace landfall::simulation
