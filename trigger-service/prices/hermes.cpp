#include "trigger-service/prices/hermes.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "common/json/reader.hpp"
#include "common/json/writer.hpp"

namespace landfall::trigger {

namespace {

using json::as_i64;
using json::as_string;
using json::find;
using json::quoted;

constexpr std::string_view source_name = "hermes";
constexpr std::size_t feed_id_digits = 64;
constexpr std::size_t max_error_bytes = 200;
constexpr json::limits limits{max_hermes_message_bytes, 32, 100'000};

/// 64 hex digits in lower case, from any case, with or without "0x".
std::optional<std::string> feed_id_of(std::string_view text) {
  if (text.starts_with("0x") || text.starts_with("0X"))
    text.remove_prefix(2);
  if (text.size() != feed_id_digits)
    return std::nullopt;
  std::string id{text};
  for (char& c : id) {
    if (c >= 'A' && c <= 'F')
      c = static_cast<char>(c - 'A' + 'a');
    if ((c < '0' || c > '9') && (c < 'a' || c > 'f'))
      return std::nullopt;
  }
  return id;
}

/// Seconds since 1970, up to the year 9999.
std::optional<domain::utc_time> publish_time_of(const json::value* value) {
  constexpr std::int64_t last_second = 253'402'300'799;
  const auto seconds = as_i64(value, quoted::accepted);
  if (!seconds || *seconds < 0 || *seconds > last_second)
    return std::nullopt;
  return domain::from_unix_ms(*seconds * 1000);
}

std::optional<domain::decimal> decimal_of(const json::value* mantissa, std::int64_t exponent) {
  constexpr std::int64_t max_exponent = 64;
  const auto digits = as_i64(mantissa, quoted::accepted);
  if (!digits || exponent > max_exponent || exponent < -max_exponent)
    return std::nullopt;
  return domain::decimal::from_parts(*digits, static_cast<int>(exponent));
}

/// {"id":…,"price":{"price":"…","conf":"…","expo":-8,"publish_time":…}}
std::optional<price_update> price_of(const json::value* feed, domain::utc_time received_at) {
  const auto id_text = as_string(find(feed, "id"));
  const auto* price = find(feed, "price");
  const auto exponent = as_i64(find(price, "expo"));
  if (!id_text || !exponent)
    return std::nullopt;
  const auto id = feed_id_of(*id_text);
  const auto value = decimal_of(find(price, "price"), *exponent);
  const auto confidence = decimal_of(find(price, "conf"), *exponent);
  const auto published = publish_time_of(find(price, "publish_time"));
  if (!id || !value || !confidence || !published)
    return std::nullopt;
  return price_update{std::string{source_name}, *id, *value, *confidence, *published, received_at};
}

void add_price(hermes_message& message, const json::value* feed, domain::utc_time received_at) {
  if (auto price = price_of(feed, received_at))
    message.prices.push_back(std::move(*price));
  else
    ++message.malformed;
}

hermes_message unreadable(std::string_view why) {
  hermes_message message;
  message.error = std::string{why.substr(0, max_error_bytes)};
  message.malformed = 1;
  return message;
}

}  // namespace

hermes_message parse_hermes_frame(std::string_view text, domain::utc_time received_at) {
  const auto parsed = json::parse(text, limits);
  if (!parsed)
    return unreadable(parsed.error().message);
  const auto* root = &*parsed;
  const auto type = as_string(find(root, "type"));
  hermes_message message;
  if (type == "price_update") {
    add_price(message, find(root, "price_feed"), received_at);
  } else if (type == "response") {
    if (as_string(find(root, "status")) != "success")
      message.error = std::string{as_string(find(root, "error")).value_or("refused").substr(0, max_error_bytes)};
  } else {
    return unreadable("the message has no known type");
  }
  return message;
}

hermes_message parse_hermes_event(std::string_view text, domain::utc_time received_at) {
  const auto parsed = json::parse(text, limits);
  if (!parsed)
    return unreadable(parsed.error().message);
  const auto* prices = find(*parsed, "parsed");
  if (!json::is(prices, json::kind::array))
    return unreadable("the event has no parsed prices");
  hermes_message message;
  for (const auto& feed : json::elements(prices))
    add_price(message, &feed, received_at);
  return message;
}

std::string hermes_subscription(const std::vector<std::string>& feed_ids) {
  json::writer w;
  w.begin_object().member("type", "subscribe").key("ids").begin_array();
  for (const auto& id : feed_ids)
    w.string("0x" + id);
  w.end_array().member("verbose", false).member("binary", false);
  w.member("allow_out_of_order", false).member("ignore_invalid_price_ids", true).end_object();
  return w.take();
}

std::string hermes_stream_path(const std::vector<std::string>& feed_ids) {
  std::string path =
      "/v2/updates/price/stream?encoding=hex&parsed=true&allow_unordered=false"
      "&benchmarks_only=false&ignore_invalid_price_ids=true";
  for (const auto& id : feed_ids)
    path += "&ids%5B%5D=" + id;
  return path;
}

}  // namespace landfall::trigger
