#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/net/http_handler.hpp"

namespace landfall::net {

/// The decoded names and values of a query; of a repeated name the last. Nothing if one of them cannot be decoded.
[[nodiscard]] std::optional<std::map<std::string, std::string>> parse_query(std::string_view query);

/// Nothing if a percent sign is not followed by two hexadecimal digits.
[[nodiscard]] std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space);

/// The decoded segments of a path as it was sent, so that an encoded slash separates nothing. One that cannot be
/// decoded is empty.
[[nodiscard]] std::vector<std::string> path_segments(std::string_view raw_path);

/// A handler and what it is for.
struct http_route {
  std::string method;
  std::string pattern;
  std::vector<std::string> segments;
  http_handler handler;

  [[nodiscard]] bool matches(const std::vector<std::string>& path) const;
  /// Of a path that matches.
  [[nodiscard]] std::map<std::string, std::string> params_of(const std::vector<std::string>& path) const;
};

/// Which handler a request goes to.
class http_routes {
public:
  void add(std::string method, std::string_view pattern, http_handler handler);

  /// Of several that match, the more literal one, compared from the left; null if none does.
  [[nodiscard]] const http_route* find(std::string_view method, const std::vector<std::string>& path) const;
  /// The methods that this path has handlers for, "GET, POST"; empty if none.
  [[nodiscard]] std::string methods_of(const std::vector<std::string>& path) const;

private:
  std::vector<http_route> routes_;
};

}  // namespace landfall::net
