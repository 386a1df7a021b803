#include "common/net/http_handler.hpp"

#include "common/json/writer.hpp"

namespace landfall::net {

std::string_view http_server_request::header(std::string_view lower_case_name) const {
  const auto it = headers.find(std::string{lower_case_name});
  return it == headers.end() ? std::string_view{} : std::string_view{it->second};
}

std::string_view http_server_request::param(std::string_view name) const {
  const auto it = path_params.find(std::string{name});
  return it == path_params.end() ? std::string_view{} : std::string_view{it->second};
}

http_server_response error_response(int status, std::string_view message) {
  json::writer w;
  w.begin_object().member("error", message).end_object();
  return {status, w.take(), "application/json", {}};
}

}  // namespace landfall::net
