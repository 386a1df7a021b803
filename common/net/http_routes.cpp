#include "common/net/http_routes.hpp"

#include <algorithm>
#include <utility>

namespace landfall::net {
namespace {

std::optional<unsigned> hex_digit(char c) {
  if (c >= '0' && c <= '9')
    return static_cast<unsigned>(c - '0');
  if (c >= 'a' && c <= 'f')
    return static_cast<unsigned>(c - 'a' + 10);
  if (c >= 'A' && c <= 'F')
    return static_cast<unsigned>(c - 'A' + 10);
  return std::nullopt;
}

std::vector<std::string_view> split(std::string_view text, char at) {
  std::vector<std::string_view> out;
  for (;;) {
    const auto end = text.find(at);
    out.push_back(text.substr(0, end));
    if (end == std::string_view::npos)
      return out;
    text.remove_prefix(end + 1);
  }
}

bool is_parameter(std::string_view segment) {
  return segment.size() > 2 && segment.front() == '{' && segment.back() == '}';
}

/// Literal segments first: of two patterns that match, the more literal one wins.
std::vector<bool> looseness(const http_route& r) {
  std::vector<bool> out;
  for (const auto& s : r.segments)
    out.push_back(is_parameter(s));
  return out;
}

}  // namespace

std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%') {
      const auto high = i + 2 < text.size() ? hex_digit(text[i + 1]) : std::nullopt;
      const auto low = i + 2 < text.size() ? hex_digit(text[i + 2]) : std::nullopt;
      if (!high || !low)
        return std::nullopt;
      out += static_cast<char>(*high * 16 + *low);
      i += 2;
    } else {
      out += text[i] == '+' && plus_is_space ? ' ' : text[i];
    }
  }
  return out;
}

std::optional<std::map<std::string, std::string>> parse_query(std::string_view query) {
  std::map<std::string, std::string> out;
  for (const auto pair : split(query, '&')) {
    if (pair.empty())
      continue;
    const auto equals = pair.find('=');
    const auto name = percent_decode(pair.substr(0, equals), true);
    const auto value = percent_decode(equals == std::string_view::npos ? "" : pair.substr(equals + 1), true);
    if (!name || !value)
      return std::nullopt;
    out[*name] = *value;
  }
  return out;
}

std::vector<std::string> path_segments(std::string_view raw_path) {
  std::vector<std::string> out;
  for (const auto segment : split(raw_path, '/'))
    out.push_back(percent_decode(segment, false).value_or(std::string{}));
  return out;
}

bool http_route::matches(const std::vector<std::string>& path) const {
  return std::ranges::equal(segments, path, [](const std::string& wanted, const std::string& given) {
    return is_parameter(wanted) ? !given.empty() : wanted == given;
  });
}

std::map<std::string, std::string> http_route::params_of(const std::vector<std::string>& path) const {
  std::map<std::string, std::string> out;
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (const std::string_view segment = segments[i]; is_parameter(segment))
      out[std::string{segment.substr(1, segment.size() - 2)}] = path[i];
  }
  return out;
}

void http_routes::add(std::string method, std::string_view pattern, http_handler handler) {
  http_route r{std::move(method), std::string{pattern}, {}, std::move(handler)};
  for (const auto segment : split(pattern, '/'))
    r.segments.emplace_back(segment);
  routes_.push_back(std::move(r));
}

const http_route* http_routes::find(std::string_view method, const std::vector<std::string>& path) const {
  const http_route* found = nullptr;
  for (const auto& r : routes_) {
    if (r.method != method || !r.matches(path))
      continue;
    if (found == nullptr || looseness(r) < looseness(*found))
      found = &r;
  }
  return found;
}

std::string http_routes::methods_of(const std::vector<std::string>& path) const {
  std::string out;
  for (const auto& r : routes_) {
    if (r.matches(path))
      out += (out.empty() ? "" : ", ") + r.method;
  }
  return out;
}

}  // namespace landfall::net
