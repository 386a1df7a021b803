#pragma once

#include <utility>

#include "common/fault/fault_point.hpp"
#include "executor-service/chain/rpc/rpc_api.hpp"

namespace landfall::executor {

/// Wraps the call `make(api, done)` in the two fault points of its effect. A fault has the effect of an endpoint that
/// does not answer.
template <class T, class Make>
auto at_fault_point(fault::effect what, Make make) {
  return [what, make](rpc_api& api, rpc_done<T> answered) {
    fault::between(
        {what}, [&](rpc_done<T> done) { make(api, std::move(done)); }, std::move(answered),
        [](fault::moment) {
          rpc_error e;
          e.what = rpc_error::kind::timeout;
          e.message = "fault point";
          return domain::failure{std::move(e)};
        });
  };
}

}  // namespace landfall::executor
