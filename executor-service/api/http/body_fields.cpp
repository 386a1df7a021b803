#include "executor-service/api/http/body_fields.hpp"

#include <algorithm>

#include "common/domain/parse_number.hpp"
#include "common/solana/base64.hpp"
#include "common/solana/message.hpp"

namespace landfall::executor::api {

namespace {

/// Bodies nest no deeper than one object; what else comes in is not worth reading.
constexpr json::limits body_limits{.max_bytes = 64 * 1024, .max_depth = 16, .max_values = 4096};

std::optional<std::int64_t> whole_number(const json::value* value) {
  auto digits = json::as_decimal_string(value);
  if (!digits)
    return std::nullopt;
  if (const auto point = digits->find('.'); point != std::string::npos) {
    if (digits->find_first_not_of('0', point + 1) != std::string::npos)
      return std::nullopt;
    digits->resize(point);
  }
  return domain::parse_number<std::int64_t>(*digits);
}

}  // namespace

bool body_fields::has(std::string_view name) const {
  return !json::is_null(json::find(body_, name));
}

void body_fields::add_error(std::string_view name, std::string message) {
  if (std::none_of(details_.begin(), details_.end(), [&](const auto& d) { return d.first == name; }))
    details_.emplace_back(name, std::move(message));
}

std::string_view body_fields::text(std::string_view name) {
  if (!has(name)) {
    add_error(name, "Required");
    return {};
  }
  const auto value = json::as_string(json::find(body_, name));
  if (!value)
    add_error(name, "Must be a string");
  return value.value_or(std::string_view{});
}

solana::pubkey body_fields::address(std::string_view name) {
  const auto key = solana::pubkey::parse(text(name));
  if (!key)
    add_error(name, "Must be a base58 Solana address");
  return key ? *key : solana::pubkey{};
}

domain::token_amount body_fields::amount(std::string_view name) {
  const auto value = domain::token_amount::parse(text(name));
  if (!value || value->units() == 0)
    add_error(name, "Must be a whole number above 0 in the token's smallest unit, as a string");
  return value.value_or(domain::token_amount{});
}

domain::decimal body_fields::price(std::string_view name) {
  if (!has(name)) {
    add_error(name, "Required");
    return {};
  }
  const auto digits = json::as_decimal_string(json::find(body_, name));
  if (!digits) {
    add_error(name, "Must be a number");
    return {};
  }
  const auto value = domain::decimal::parse(*digits);
  if (value && value->is_positive())
    return *value;
  add_error(name, value ? "Must be greater than 0" : "Must be below 10^20 and have at most 18 decimal places");
  return {};
}

std::int64_t body_fields::whole(std::string_view name, std::int64_t min, std::int64_t max, std::string_view message) {
  if (!has(name)) {
    add_error(name, "Required");
    return min;
  }
  const auto value = whole_number(json::find(body_, name));
  if (!value || *value < min || *value > max)
    add_error(name, std::string{message});
  return value.value_or(min);
}

solana::bytes body_fields::transaction(std::string_view name) {
  auto decoded = solana::base64_decode(text(name), solana::max_transaction_bytes);
  if (!decoded || decoded->empty()) {
    add_error(name, "Must be a base64 transaction");
    return {};
  }
  return std::move(decoded).value();
}

std::optional<refusal> body_fields::refused() && {
  if (details_.empty())
    return std::nullopt;
  return refusal{400, "Request validation failed", std::move(details_)};
}

validated<json::value> parse_object(std::string_view body) {
  auto document = json::parse(body, body_limits);
  if (!document)
    return domain::failure{refusal{400, "Request body is not valid JSON", {}}};
  if (!json::is(&*document, json::kind::object))
    return domain::failure{refusal{400, "Request body must be a JSON object", {}}};
  return std::move(document).value();
}

}  // namespace landfall::executor::api
