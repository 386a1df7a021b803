#include "executor-service/api/http/request_gate.hpp"

#include <sodium.h>

#include <chrono>
#include <utility>

#include "executor-service/api/http/reply.hpp"

namespace landfall::executor::api {

namespace {

bool equal_secrets(std::string_view a, std::string_view b) {
  return a.size() == b.size() && sodium_memcmp(a.data(), b.data(), a.size()) == 0;
}

struct route_metrics {
  std::shared_ptr<runtime::metrics> registry;
  std::string label;
  runtime::histogram_handle latency;

  route_metrics(std::shared_ptr<runtime::metrics> metrics, std::string route)
      : registry(std::move(metrics)), label(std::move(route)) {
    if (registry)
      latency = registry->histogram("landfall_api_request_seconds", "Time to answer a request of the public API.",
                                    runtime::latency_buckets_seconds(), {{"route", label}});
  }

  void observe(int status, std::chrono::steady_clock::duration took) const {
    if (!registry)
      return;
    registry
        ->counter("landfall_api_requests_total", "Requests of the public API, by route and status.",
                  {{"route", label}, {"status", std::to_string(status)}})
        .inc();
    latency.observe(std::chrono::duration<double>(took).count());
  }
};

}  // namespace

request_gate::request_gate(std::vector<std::string> api_keys, request_limit per_address,
                           std::shared_ptr<const runtime::clock> clock, std::shared_ptr<runtime::metrics> metrics)
    : api_keys_(std::move(api_keys)),
      per_address_(per_address),
      clock_(std::move(clock)),
      metrics_(std::move(metrics)) {}

bool request_gate::has_api_key(const net::http_server_request& request) const {
  const auto given = request.header("x-api-key");
  bool found = api_keys_.empty();
  for (const auto& key : api_keys_)
    found = equal_secrets(key, given) || found;
  return found;
}

net::http_handler request_gate::guard(std::string route, net::http_handler inner) {
  return [this, seen = route_metrics{metrics_, std::move(route)}, inner = std::move(inner)](
             net::http_server_request request, net::http_reply reply) {
    const auto started = std::chrono::steady_clock::now();
    net::http_reply counted = [seen, started, reply = std::move(reply)](net::http_server_response response) {
      seen.observe(response.status, std::chrono::steady_clock::now() - started);
      reply(std::move(response));
    };
    if (const auto wait = per_address_.refuse(request.remote_address, clock_->now()))
      return counted(too_many_requests(*wait));
    if (!has_api_key(request))
      return counted(bad_api_key());
    inner(std::move(request), std::move(counted));
  };
}

}  // namespace landfall::executor::api
