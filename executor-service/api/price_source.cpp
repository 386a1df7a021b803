#include "executor-service/api/price_source.hpp"

#include <limits>
#include <mutex>
#include <optional>
#include <unordered_map>

#include "common/json/reader.hpp"
#include "common/net/limited_client.hpp"

namespace landfall::executor::api {

namespace {

constexpr std::int64_t max_publish_time_s = 253'402'300'799;

class hermes_prices final : public price_source {
public:
  hermes_prices(hermes_options options, const runtime::clock& clock)
      : options_(std::move(options)), clock_(clock), client_(options_.base_url, {}, options_.limiter) {}

  domain::result<domain::decimal, std::string> price_usd(const std::string& feed_id) override {
    const auto now = clock_.now();
    if (const auto known = cached(feed_id, now))
      return *known;
    net::http_request request;
    request.path_and_query = "/v2/updates/price/latest?ids%5B%5D=" + feed_id + "&parsed=true&encoding=hex";
    request.timeout_ms = options_.timeout_ms;
    if (!options_.api_key.empty())
      request.headers["Authorization"] = "Bearer " + options_.api_key;
    const auto response = client_.request_sync(net::purpose::quote, std::move(request));
    if (!response)
      return domain::failure{"the price source does not answer: " + net::without_address(response.error())};
    if (response->status != 200)
      return domain::failure{"the price source answers with status " + std::to_string(response->status)};
    const auto price = parse_latest_price(response->body, feed_id);
    if (!price)
      return domain::failure{price.error()};
    if (now - price->publish_time > options_.max_age)
      return domain::failure{"the latest price is from " + domain::to_iso8601(price->publish_time)};
    const std::lock_guard lock{mutex_};
    entries_[feed_id] = {price->price_usd, now};
    return price->price_usd;
  }

private:
  struct entry {
    domain::decimal price_usd;
    domain::utc_time fetched_at;
  };

  std::optional<domain::decimal> cached(const std::string& feed_id, domain::utc_time now) {
    const std::lock_guard lock{mutex_};
    const auto found = entries_.find(feed_id);
    if (found == entries_.end() || now - found->second.fetched_at > options_.cache)
      return std::nullopt;
    return found->second.price_usd;
  }

  const hermes_options options_;
  const runtime::clock& clock_;
  net::limited_client client_;
  std::mutex mutex_;
  /// One entry a feed of the table `token`.
  std::unordered_map<std::string, entry> entries_;
};

}  // namespace

domain::result<feed_price, std::string> parse_latest_price(std::string_view body, std::string_view feed_id) {
  const auto document = json::parse(body);
  if (!document)
    return domain::failure{std::string{"the price source answers with something else than JSON"}};
  for (const auto& update : json::elements(json::find(*document, "parsed"))) {
    if (json::as_string(json::find(&update, "id")) != feed_id)
      continue;
    const auto* price = json::find(&update, "price");
    const auto mantissa = json::as_i64(json::find(price, "price"), json::quoted::accepted);
    const auto exponent = json::as_i64(json::find(price, "expo"));
    const auto publish_s = json::as_i64(json::find(price, "publish_time"));
    if (!mantissa || !exponent || *exponent < -64 || *exponent > 64 || !publish_s || *publish_s < 0 ||
        *publish_s > max_publish_time_s)
      return domain::failure{std::string{"the price source's answer cannot be read"}};
    const auto value = domain::decimal::from_parts(*mantissa, static_cast<int>(*exponent));
    if (!value || !value->is_positive())
      return domain::failure{std::string{"the price source gives no usable price"}};
    return feed_price{*value, domain::from_unix_ms(*publish_s * 1000)};
  }
  return domain::failure{std::string{"the price source does not know the token's feed"}};
}

std::unique_ptr<price_source> make_hermes_prices(hermes_options options, const runtime::clock& clock) {
  return std::make_unique<hermes_prices>(std::move(options), clock);
}

}  // namespace landfall::executor::api
