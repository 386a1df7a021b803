#include "executor-service/api/requests.hpp"

#include <algorithm>
#include <array>

#include "common/domain/parse_number.hpp"
#include "common/json/reader.hpp"
#include "common/solana/base64.hpp"
#include "common/solana/message.hpp"

namespace landfall::executor::api {

namespace {

constexpr std::int64_t max_offset = 1'000'000'000;
/// 9999-12-31T23:59:59.999Z
constexpr std::int64_t max_time_ms = 253'402'300'799'999;

template <class Enum>
struct named {
  std::string_view name;
  Enum value;
};

constexpr std::array proof_kinds{named{"message", proof_kind::message}, named{"transaction", proof_kind::transaction}};
constexpr named<domain::trigger_condition> condition(domain::trigger_condition c) {
  return {to_string(c), c};
}
constexpr std::array conditions{condition(domain::trigger_condition::above),
                                condition(domain::trigger_condition::below)};
constexpr std::array state_groups{named{"active", state_group::active}, named{"past", state_group::past}};
constexpr std::array sort_fields{named{"updated_at", sort_field::updated_at},
                                 named{"created_at", sort_field::created_at},
                                 named{"expires_at", sort_field::expires_at}};
constexpr std::array sort_directions{named{"asc", sort_direction::ascending},
                                     named{"desc", sort_direction::descending}};

template <class Enum, std::size_t N>
std::string_view name_in(const std::array<named<Enum>, N>& names, Enum value) noexcept {
  for (const auto& entry : names)
    if (entry.value == value)
      return entry.name;
  return "unknown";
}

template <class Enum, std::size_t N>
std::optional<Enum> value_in(const std::array<named<Enum>, N>& names, std::string_view name) noexcept {
  for (const auto& entry : names)
    if (entry.name == name)
      return entry.value;
  return std::nullopt;
}

template <class Enum, std::size_t N>
std::string one_of(const std::array<named<Enum>, N>& names) {
  std::string text = "Must be one of: ";
  for (std::size_t i = 0; i < N; ++i)
    text.append(i == 0 ? "" : ", ").append(names[i].name);
  return text;
}

/// The digits of a whole number, whichever way it is written: "100", "1e2" and "100.0" are the same.
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

/// Reads the fields of one body and collects what is wrong with each. A reader of a bad field returns a value that
/// nobody uses: the request is refused as a whole.
class fields {
public:
  explicit fields(const json::value& body) : body_(body) {}

  [[nodiscard]] const json::value* raw(std::string_view name) const {
    return json::find(body_, name);
  }
  [[nodiscard]] bool has(std::string_view name) const {
    return !json::is_null(raw(name));
  }
  void blame(std::string_view name, std::string message) {
    if (std::none_of(details_.begin(), details_.end(), [&](const auto& d) { return d.first == name; }))
      details_.emplace_back(name, std::move(message));
  }

  std::string_view text(std::string_view name) {
    if (!has(name)) {
      blame(name, "Required");
      return {};
    }
    const auto value = json::as_string(raw(name));
    if (!value)
      blame(name, "Must be a string");
    return value.value_or(std::string_view{});
  }
  solana::pubkey address(std::string_view name) {
    const auto value = text(name);
    const auto key = solana::pubkey::parse(value);
    if (!key)
      blame(name, "Must be a base58 Solana address");
    return key ? *key : solana::pubkey{};
  }
  domain::token_amount amount(std::string_view name) {
    const auto value = domain::token_amount::parse(text(name));
    if (!value || value->units() == 0)
      blame(name, "Must be a whole number above 0 in the token's smallest unit, as a string");
    return value.value_or(domain::token_amount{});
  }
  template <class Enum, std::size_t N>
  Enum choice(std::string_view name, const std::array<named<Enum>, N>& names) {
    const auto value = value_in(names, text(name));
    if (!value)
      blame(name, one_of(names));
    return value.value_or(names[0].value);
  }
  /// A number above 0, exactly as written: a string is refused.
  domain::decimal price(std::string_view name) {
    if (!has(name)) {
      blame(name, "Required");
      return {};
    }
    const auto digits = json::as_decimal_string(raw(name));
    const auto value = digits ? domain::decimal::parse(*digits) : std::nullopt;
    if (!digits)
      blame(name, "Must be a number");
    else if (!value)
      blame(name, "Must be below 10^20 and have at most 18 decimal places");
    else if (!value->is_positive())
      blame(name, "Must be greater than 0");
    return value.value_or(domain::decimal{});
  }
  std::int64_t whole(std::string_view name, std::int64_t min, std::int64_t max, std::string_view message) {
    if (!has(name)) {
      blame(name, "Required");
      return min;
    }
    const auto value = whole_number(raw(name));
    if (!value || *value < min || *value > max)
      blame(name, std::string{message});
    return value.value_or(min);
  }
  /// Bytes of a transaction in base64.
  solana::bytes transaction(std::string_view name) {
    auto decoded = solana::base64_decode(text(name), solana::max_transaction_bytes);
    if (!decoded || decoded->empty()) {
      blame(name, "Must be a base64 transaction");
      return {};
    }
    return std::move(decoded).value();
  }

  [[nodiscard]] std::optional<refusal> refused() && {
    if (details_.empty())
      return std::nullopt;
    return refusal{400, "Request validation failed", std::move(details_)};
  }

private:
  const json::value& body_;
  std::vector<std::pair<std::string, std::string>> details_;
};

/// Bodies nest no deeper than one object; what else comes in is not worth reading.
constexpr json::limits body_limits{.max_bytes = 64 * 1024, .max_depth = 16, .max_values = 4096};

template <class Request, class Read>
validated<Request> parse_body(std::string_view body, Read&& read) {
  const auto document = json::parse(body, body_limits);
  if (!document)
    return domain::failure{refusal{400, "Request body is not valid JSON", {}}};
  if (!json::is(&*document, json::kind::object))
    return domain::failure{refusal{400, "Request body must be a JSON object", {}}};
  fields in{*document};
  Request request = read(in);
  if (auto refused = std::move(in).refused())
    return domain::failure{std::move(*refused)};
  return request;
}

}  // namespace

std::string_view to_string(proof_kind kind) noexcept {
  return name_in(proof_kinds, kind);
}
std::string_view to_string(state_group group) noexcept {
  return name_in(state_groups, group);
}
std::string_view to_string(sort_field field) noexcept {
  return name_in(sort_fields, field);
}
std::string_view to_string(order_context context) noexcept {
  constexpr std::array<std::string_view, 4> names{"take_profit", "stop_loss", "buy_above", "buy_below"};
  return names[static_cast<std::size_t>(context)];
}

validated<challenge_request> parse_challenge_request(std::string_view body) {
  return parse_body<challenge_request>(body, [](fields& in) {
    return challenge_request{in.address("walletPubkey"), in.choice("type", proof_kinds)};
  });
}

validated<verify_request> parse_verify_request(std::string_view body) {
  return parse_body<verify_request>(body, [](fields& in) {
    verify_request request;
    request.kind = in.choice("type", proof_kinds);
    request.wallet = in.address("walletPubkey");
    if (request.kind == proof_kind::transaction) {
      request.signed_transaction = in.transaction("signedTransaction");
      return request;
    }
    const auto signature = solana::signature::parse(in.text("signature"));
    if (signature)
      request.signature = *signature;
    else
      in.blame("signature", "Must be a base58 signature");
    return request;
  });
}

validated<craft_request> parse_craft_request(std::string_view body) {
  return parse_body<craft_request>(body, [](fields& in) {
    craft_request request;
    request.wallet = in.address("userAddress");
    request.input_mint = in.address("inputMint");
    request.output_mint = in.address("outputMint");
    request.amount = in.amount("amount");
    if (request.input_mint == request.output_mint)
      in.blame("outputMint", "Must differ from inputMint");
    const auto order_type = in.text("orderType");
    if (order_type == "dca")
      in.blame("orderType", "dca is not supported yet");
    else if (order_type != "price")
      in.blame("orderType", "Must be one of: price, dca");
    const auto sub_type = in.text("orderSubType");
    if (sub_type == "oco" || sub_type == "otoco")
      in.blame("orderSubType", std::string{sub_type} + " is not supported yet");
    else if (sub_type != "single")
      in.blame("orderSubType", "Must be one of: single, oco, otoco");
    if (in.has("jlMint"))
      in.blame("jlMint", "Only for dca orders, which are not supported yet");
    return request;
  });
}

validated<create_request> parse_create_request(std::string_view body) {
  return parse_body<create_request>(body, [](fields& in) {
    create_request request;
    const auto order_type = in.text("orderType");
    if (order_type == "oco" || order_type == "otoco")
      in.blame("orderType", std::string{order_type} + " is not supported yet");
    else if (order_type != "single")
      in.blame("orderType", "Must be one of: single, oco, otoco");

    if (const auto id = domain::deposit_request_id::parse(in.text("depositRequestId")))
      request.deposit_request = *id;
    else
      in.blame("depositRequestId", "Must be the requestId of a crafted deposit");
    request.signed_deposit = in.transaction("depositSignedTx");
    request.wallet = in.address("userPubkey");
    request.input_mint = in.address("inputMint");
    request.input_amount = in.amount("inputAmount");
    request.output_mint = in.address("outputMint");
    request.trigger_mint = in.address("triggerMint");
    if (request.input_mint == request.output_mint)
      in.blame("outputMint", "Must differ from inputMint");
    if (request.trigger_mint != request.input_mint && request.trigger_mint != request.output_mint)
      in.blame("triggerMint", "Must be inputMint or outputMint");
    request.condition = in.choice("triggerCondition", conditions);

    if (in.has("trailingBps") && in.has("triggerPriceUsd"))
      in.blame("trailingBps", "Exactly one of triggerPriceUsd and trailingBps");
    else if (in.has("trailingBps"))
      in.blame("trailingBps", "trailingBps is not supported yet");
    else
      request.trigger_price_usd = in.price("triggerPriceUsd");

    request.slippage_bps =
        default_slippage_bps(context_of(request.trigger_mint == request.input_mint, request.condition));
    if (in.has("slippageBps"))
      request.slippage_bps =
          static_cast<int>(in.whole("slippageBps", 0, 10'000, "Must be a whole number from 0 to 10000"));
    request.expires_at = domain::from_unix_ms(
        in.whole("expiresAt", 1, max_time_ms, "Must be a time in milliseconds since 1970-01-01T00:00:00Z"));
    return request;
  });
}

validated<history_query> parse_history_query(const std::map<std::string, std::string>& query) {
  history_query parsed;
  refusal refused{400, "Request validation failed", {}};
  const auto given = [&](const char* name) -> const std::string* {
    const auto found = query.find(name);
    return found == query.end() ? nullptr : &found->second;
  };
  const auto blame = [&](const char* name, std::string message) {
    refused.details.emplace_back(name, std::move(message));
  };

  if (const auto* text = given("state")) {
    parsed.group = value_in(state_groups, *text);
    if (!parsed.group)
      blame("state", one_of(state_groups));
  }
  if (const auto* text = given("mint")) {
    if (const auto mint = solana::pubkey::parse(*text))
      parsed.mint = *mint;
    else
      blame("mint", "Must be a base58 Solana address");
  }
  if (const auto* text = given("limit")) {
    const auto number = domain::parse_number<std::int64_t>(*text);
    if (!number || *number < 1 || *number > 100)
      blame("limit", "Must be a whole number from 1 to 100");
    else
      parsed.limit = static_cast<int>(*number);
  }
  if (const auto* text = given("offset")) {
    const auto number = domain::parse_number<std::int64_t>(*text);
    if (!number || *number < 0 || *number > max_offset)
      blame("offset", "Must be a whole number from 0 to " + std::to_string(max_offset));
    else
      parsed.offset = *number;
  }
  if (const auto* text = given("sort")) {
    if (const auto field = value_in(sort_fields, *text))
      parsed.sort = *field;
    else
      blame("sort", one_of(sort_fields));
  }
  if (const auto* text = given("dir")) {
    if (const auto direction = value_in(sort_directions, *text))
      parsed.direction = *direction;
    else
      blame("dir", one_of(sort_directions));
  }
  if (!refused.details.empty())
    return domain::failure{std::move(refused)};
  return parsed;
}

bool is_idempotency_key(std::string_view key) noexcept {
  return !key.empty() && key.size() <= 255 &&
         std::all_of(key.begin(), key.end(), [](char c) { return c >= 0x20 && c <= 0x7e; });
}

}  // namespace landfall::executor::api
