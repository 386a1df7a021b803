#pragma once

#include "common/net/host_limiter.hpp"
#include "common/runtime/metrics.hpp"

namespace landfall::executor {

/// The metrics of each host's limiter: permits by purpose and result, refusals by the server, pause and limit.
[[nodiscard]] net::host_limiters::make_reports limit_metrics(runtime::metrics& metrics);

}  // namespace landfall::executor
