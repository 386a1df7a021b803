#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/domain/decimal.hpp"
#include "common/domain/token_amount.hpp"
#include "common/json/reader.hpp"
#include "common/solana/bytes.hpp"
#include "common/solana/pubkey.hpp"
#include "executor-service/api/http/named_values.hpp"
#include "executor-service/api/http/reply.hpp"

namespace landfall::executor::api {

/// Reads the fields of one body and collects what is wrong with each. A reader of a bad field returns a value that
/// nobody uses: the request is refused as a whole. Unknown fields are ignored.
class body_fields {
public:
  explicit body_fields(const json::value& body) : body_(body) {}

  [[nodiscard]] bool has(std::string_view name) const;
  /// Only the first error of a field is kept.
  void add_error(std::string_view name, std::string message);

  std::string_view text(std::string_view name);
  solana::pubkey address(std::string_view name);
  domain::token_amount amount(std::string_view name);
  /// A number above 0, exactly as written: a string is refused.
  domain::decimal price(std::string_view name);
  /// A whole number, whichever way it is written: "100", "1e2" and "100.0" are the same.
  std::int64_t whole(std::string_view name, std::int64_t min, std::int64_t max, std::string_view message);
  /// Bytes of a transaction in base64.
  solana::bytes transaction(std::string_view name);

  template <class Enum, std::size_t N>
  Enum choice(std::string_view name, const std::array<named<Enum>, N>& names) {
    const auto value = value_in(names, text(name));
    if (!value)
      add_error(name, one_of(names));
    return value.value_or(names[0].value);
  }

  [[nodiscard]] std::optional<refusal> refused() &&;

private:
  const json::value& body_;
  std::vector<std::pair<std::string, std::string>> details_;
};

/// The JSON object of a body, or why it is none.
[[nodiscard]] validated<json::value> parse_object(std::string_view body);

/// `read(body_fields&)` makes the request; the first of its errors refuses it.
template <class Request, class Read>
validated<Request> parse_body(std::string_view body, Read&& read) {
  const auto document = parse_object(body);
  if (!document)
    return domain::failure{document.error()};
  body_fields in{*document};
  Request request = read(in);
  if (auto refused = std::move(in).refused())
    return domain::failure{std::move(*refused)};
  return request;
}

}  // namespace landfall::executor::api
