#include "executor-service/order/commit_writer.hpp"

#include <caf/all.hpp>
#include <vector>

#include "common/fault/database_fault.hpp"
#include "common/runtime/log.hpp"
#include "executor-service/order/commit_point.hpp"

namespace landfall::executor {

namespace {

struct commit_writer_state {
  commit_writer_config config;
  std::unique_ptr<order_store> store;
  std::vector<write_unit> units;
  std::vector<fault::point> points;
  std::vector<caf::typed_response_promise<commit_reply>> promises;
  bool flush_sent = false;

  static inline const char* name = "commit_writer";

  void flush() {
    flush_sent = false;
    if (units.empty())
      return;
    auto waiting = std::exchange(promises, {});
    const auto batch = std::exchange(units, {});
    const auto result = fault::around_all(
        std::exchange(points, {}), [&] { return store->commit(batch); }, fault::database_fault);
    config.commits.inc();
    config.units.inc(static_cast<double>(batch.size()));
    if (!result.ok()) {
      const auto& e = result.error();
      config.failures.inc();
      runtime::log_warn("commit_failed", {{"kind", to_string(e.kind)},
                                          {"sqlstate", e.sqlstate},
                                          {"units", static_cast<std::uint64_t>(batch.size())},
                                          {"why", e.message}});
      for (auto& promise : waiting)
        promise.deliver(commit_reply{e});
      return;
    }
    for (std::size_t i = 0; i < waiting.size(); ++i)
      waiting[i].deliver(commit_reply{(*result)[i]});
  }
};

commit_writer_actor::behavior_type commit_writer_behavior(
    commit_writer_actor::stateful_pointer<commit_writer_state> self, commit_writer_config config) {
  auto& state = self->state;
  state.config = std::move(config);
  state.store = std::make_unique<order_store>(state.config.database, state.config.instance);
  return {
      [self](commit_unit& request) {
        auto& s = self->state;
        auto promise = self->make_response_promise<commit_reply>();
        s.units.push_back(std::move(request.unit));
        s.points.push_back(request.point);
        s.promises.push_back(promise);
        if (s.units.size() >= s.config.max_batch) {
          s.flush();
        } else if (!s.flush_sent) {
          // Behind whatever is in the mailbox already: that is the batch.
          s.flush_sent = true;
          self->send(self, caf::flush_atom_v);
        }
        return promise;
      },
      [self](caf::flush_atom) { self->state.flush(); },
  };
}

}  // namespace

commit_writer_actor spawn_commit_writer(caf::actor_system& system, commit_writer_config config) {
  return system.spawn<caf::detached>(commit_writer_behavior, std::move(config));
}

}  // namespace landfall::executor
