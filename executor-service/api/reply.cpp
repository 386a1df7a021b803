#include "executor-service/api/reply.hpp"

#include <algorithm>

#include "common/domain/text.hpp"
#include "common/json/writer.hpp"

namespace landfall::executor::api {

refusal invalid_field(std::string field, std::string message) {
  return {400, "Request validation failed", {{std::move(field), std::move(message)}}};
}

net::http_server_response json_response(int status, std::string body) {
  net::http_server_response response;
  response.status = status;
  response.body = std::move(body);
  return response;
}

std::string excerpt_of(std::string_view text) {
  return domain::storable_text(text, max_shown_bytes) + (text.size() > max_shown_bytes ? "…" : "");
}

net::http_server_response to_response(const refusal& r) {
  json::writer w;
  w.begin_object().member("error", r.error);
  if (!r.details.empty()) {
    w.key("details").begin_object();
    for (const auto& [field, message] : r.details)
      w.member(field, message);
    w.end_object();
  }
  w.end_object();
  return json_response(r.status, w.take());
}

net::http_server_response unauthorized() {
  return to_response({401, "Unauthorized", {}});
}

net::http_server_response bad_api_key() {
  json::writer w;
  w.begin_object().member("code", 401).member("message", "Unauthorized: missing or invalid API key").end_object();
  return json_response(401, w.take());
}

net::http_server_response too_many_requests(std::chrono::milliseconds retry_after) {
  json::writer w;
  w.begin_object()
      .member("error", "Too many requests")
      .member("code", 429)
      .member("message", "Too many requests")
      .end_object();
  auto response = json_response(429, w.take());
  const auto seconds = std::max<long long>(1, (retry_after.count() + 999) / 1000);
  response.headers["Retry-After"] = std::to_string(seconds);
  return response;
}

net::http_server_response unavailable(std::string_view why) {
  auto response = to_response({503, std::string{why}, {}});
  response.headers["Retry-After"] = "1";
  return response;
}

}  // namespace landfall::executor::api
