#pragma once

#include <doctest/doctest.h>

#include <map>
#include <string>

#include "executor-service/api/http/reply.hpp"

namespace landfall::executor::api {

inline const std::string sol = "So11111111111111111111111111111111111111112";
inline const std::string usdc = "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v";
inline const std::string user = "BQ72nSv9f3PRyRKCBnHLVrerrv37CYTHm5h3s9VSGQDV";

/// A body as fields of raw JSON, so that a test changes one of them.
using field_map = std::map<std::string, std::string>;

inline std::string quoted(const std::string& text) {
  return "\"" + text + "\"";
}

inline std::string body_of(const field_map& fields) {
  std::string text = "{";
  for (const auto& [name, value] : fields)
    text += (text.size() > 1 ? "," : "") + quoted(name) + ":" + value;
  return text + "}";
}

/// The names of the fields that were refused; of a body that was refused as a whole, why.
template <class Request>
std::string refused_fields(const validated<Request>& parsed) {
  if (parsed)
    return "";
  std::string names;
  for (const auto& [field, message] : parsed.error().details) {
    names += (names.empty() ? "" : ",") + field;
    CHECK_FALSE(message.empty());
  }
  CHECK(parsed.error().status == 400);
  return names.empty() ? parsed.error().error : names;
}

struct bad_field {
  std::string field;
  /// Raw JSON; empty leaves the field out.
  std::string value;
};

}  // namespace landfall::executor::api
