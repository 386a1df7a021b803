#include "common/net/operations.hpp"

#include <utility>

namespace landfall::net {

void serve_operations(http_server& server, operations what) {
  server.route("GET", "/healthz", [](const http_server_request&, const http_reply& reply) {
    reply({200, R"({"alive":true})"});
  });
  server.route("GET", "/readyz",
               [ready = std::move(what.ready), readiness = std::move(what.readiness)](const http_server_request&,
                                                                                      const http_reply& reply) {
                 reply({ready() ? 200 : 503, readiness()});
               });
  server.route("GET", "/metrics",
               [metrics = std::move(what.metrics)](const http_server_request&, const http_reply& reply) {
                 reply({200, metrics(), "text/plain; version=0.0.4; charset=utf-8"});
               });
}

}  // namespace landfall::net
