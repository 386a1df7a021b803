#include "executor-service/api/deposit/price_source.hpp"

#include <limits>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <vector>

#include "common/json/reader.hpp"
#include "common/net/limited_client.hpp"

namespace landfall::executor::api {

namespace {

constexpr std::int64_t max_publish_time_s = 253'402'300'799;

class hermes_prices final : public price_source {
public:
  hermes_prices(hermes_options options, const runtime::clock& clock)
      : options_(std::move(options)), clock_(clock), client_(options_.base_url, {}, options_.limiter) {}

  void price_usd(const std::string& feed_id, price_done done) override {
    const auto now = clock_.now();
    std::optional<domain::decimal> cached;
    {
      const std::lock_guard lock{mutex_};
      auto& feed = feeds_[feed_id];
      if (feed.price_usd && now - feed.fetched_at <= options_.cache) {
        cached = feed.price_usd;
      } else {
        feed.waiting.push_back(std::move(done));
        if (feed.waiting.size() > 1)
          return;
      }
    }
    if (cached)
      return done(*cached);
    fetch(feed_id, now);
  }

private:
  struct feed_state {
    std::optional<domain::decimal> price_usd;
    domain::utc_time fetched_at;
    /// For the answer that is under way.
    std::vector<price_done> waiting;
  };

  void fetch(const std::string& feed_id, domain::utc_time now) {
    net::http_request request;
    request.path_and_query = "/v2/updates/price/latest?ids%5B%5D=" + feed_id + "&parsed=true&encoding=hex";
    request.timeout_ms = options_.timeout_ms;
    if (!options_.api_key.empty())
      request.headers["Authorization"] = "Bearer " + options_.api_key;
    client_.request(net::purpose::quote, std::move(request), [this, feed_id, now](const net::http_result& response) {
      const auto price = price_in(response, feed_id, now);
      std::vector<price_done> waiting;
      {
        const std::lock_guard lock{mutex_};
        auto& feed = feeds_[feed_id];
        waiting.swap(feed.waiting);
        if (price) {
          feed.price_usd = *price;
          feed.fetched_at = now;
        }
      }
      for (const auto& done : waiting)
        done(price);
    });
  }

  [[nodiscard]] price_result price_in(const net::http_result& response, const std::string& feed_id,
                                      domain::utc_time now) const {
    if (!response)
      return domain::failure{"the price source does not answer: " + net::without_address(response.error())};
    if (response->status != 200)
      return domain::failure{"the price source answers with status " + std::to_string(response->status)};
    const auto price = parse_latest_price(response->body, feed_id);
    if (!price)
      return domain::failure{price.error()};
    if (now - price->publish_time > options_.max_age)
      return domain::failure{"the latest price is from " + domain::to_iso8601(price->publish_time)};
    return price->price_usd;
  }

  const hermes_options options_;
  const runtime::clock& clock_;
  std::mutex mutex_;
  /// One entry a feed of the table `token`.
  std::unordered_map<std::string, feed_state> feeds_;
  /// Last: its end answers what is under way.
  net::limited_client client_;
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
