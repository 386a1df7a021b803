#include "executor-service/chain/limit_metrics.hpp"

#include <array>
#include <memory>

namespace landfall::executor {

net::host_limiters::make_reports limit_metrics(runtime::metrics& metrics) {
  return [&metrics](const std::string& endpoint) {
    using by_result = std::array<runtime::counter_handle, 3>;
    constexpr std::array<const char*, 3> results{"granted", "delayed", "refused"};
    const auto permits = std::make_shared<std::array<by_result, net::purpose_count>>();
    for (std::size_t p = 0; p < net::purpose_count; ++p)
      for (std::size_t r = 0; r < results.size(); ++r)
        (*permits)[p][r] = metrics.counter("landfall_rate_limit_permits_total", "permits to send to a host",
                                           {{"endpoint", endpoint},
                                            {"purpose", std::string{to_string(static_cast<net::purpose>(p))}},
                                            {"result", results[r]}});
    const auto refusal = [&](const char* status) {
      return metrics.counter("landfall_rate_limit_refusals_total", "answers by which a host asked for less",
                             {{"endpoint", endpoint}, {"status", status}});
    };
    net::limiter_reports reports;
    reports.permitted = [permits](net::purpose p, net::limiter_reports::permit what) {
      (*permits)[static_cast<std::size_t>(p)][static_cast<std::size_t>(what)].inc();
    };
    reports.refused_by_server = [too_many = refusal("429"), unavailable = refusal("503")](int status) {
      (status == 429 ? too_many : unavailable).inc();
    };
    reports.changed =
        [pause = metrics.gauge("landfall_rate_limit_pause_seconds", "how long a host was last seen to be left alone",
                               {{"endpoint", endpoint}}),
         limit = metrics.gauge("landfall_rate_limit_requests_per_window",
                               "requests that a host is believed to take in its window", {{"endpoint", endpoint}})](
            std::chrono::milliseconds left, std::uint32_t requests) {
          pause.set(std::chrono::duration<double>(left).count());
          limit.set(requests);
        };
    return reports;
  };
}

}  // namespace landfall::executor
