#include "executor-service/core/order_write.hpp"

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

  void operator()(const write::move& w) const {
    o.state = w.to;
    o.attempts_made += w.tries;
  }
  void operator()(const write::insert_attempt& w) const {
    o.attempts.push_back(w.what);
  }
  void operator()(const write::note_broadcast&) const {}
  void operator()(const write::confirm& w) const {
    stored_attempt(o, w.attempt).confirmed_slot = w.slot;
  }
  void operator()(const write::unconfirm& w) const {
    stored_attempt(o, w.attempt).confirmed_slot.reset();
  }
  void operator()(const write::resolve& w) const {
    stored_attempt(o, w.attempt).outcome = w.outcome;
    stored_attempt(o, w.attempt).slot = w.slot;
  }
  void operator()(const write::record_fill& w) const {
    o.output_amount = w.output_amount;
  }
  void operator()(const write::release&) const {}
};

}  // namespace

void apply(order& o, const order_write& w) {
  std::visit(applier{o}, w);
}

}  // namespace landfall::executor
