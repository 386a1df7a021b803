#include "executor-service/order/core/order_write.hpp"

#include "common/domain/result.hpp"

namespace landfall::executor {

namespace {

attempt& stored_attempt(order& o, const domain::attempt_id& id) {
  auto* a = o.find(id);
  if (a == nullptr)
    domain::broken_invariant("a write names an attempt that its order does not have");
  return *a;
}

struct applier {
  order& o;

  void operator()(const write::transition& w) const {
    o.state = w.to;
    o.attempts_made += w.tries;
  }
  void operator()(const write::insert_attempt& w) const {
    o.attempts.push_back(w.what);
  }
  void operator()(const write::mark_broadcast&) const {}
  void operator()(const write::confirm& w) const {
    auto& a = stored_attempt(o, w.attempt);
    a.confirmed_slot = w.slot;
    if (w.found_as)
      a.signature = w.found_as;
  }
  void operator()(const write::unconfirm& w) const {
    auto& a = stored_attempt(o, w.attempt);
    a.confirmed_slot.reset();
    // The same message may land again under another signature of the maker's.
    if (a.maker)
      a.signature.reset();
  }
  void operator()(const write::resolve& w) const {
    auto& a = stored_attempt(o, w.attempt);
    a.outcome = w.outcome;
    a.slot = w.slot;
    if (w.found_as)
      a.signature = w.found_as;
  }
  void operator()(const write::record_fill& w) const {
    o.output_amount = w.output_amount;
  }
  void operator()(const write::release& w) const {
    o.attempts_made += w.tries;
  }
};

}  // namespace

void apply(order& o, const order_write& w) {
  std::visit(applier{o}, w);
}

}  // namespace landfall::executor
