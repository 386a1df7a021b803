#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "common/domain/decimal.hpp"
#include "common/domain/result.hpp"
#include "common/domain/time.hpp"
#include "common/net/host_limiter.hpp"
#include "common/runtime/clock.hpp"

namespace landfall::executor::api {

/// The error is a sentence.
using price_result = domain::result<domain::decimal, std::string>;
/// Called once, on any thread, where it must not block.
using price_done = std::function<void(const price_result&)>;

/// The source of a token's USD price, to decide whether a deposit is worth enough. Does not block. Thread-safe.
class price_source {
public:
  virtual ~price_source() = default;
  /// `done` may be called before this returns.
  virtual void price_usd(const std::string& feed_id, price_done done) = 0;
};

struct hermes_options {
  /// Such as "https://host/hermes"; the path of the REST call is appended.
  std::string base_url;
  /// Sent as a bearer token if not empty.
  std::string api_key;
  std::uint32_t timeout_ms = 3'000;
  /// A price older than this (by its publish time) is none.
  std::chrono::milliseconds max_age{60'000};
  /// A price is asked for again after this.
  std::chrono::milliseconds cache{5'000};
  std::shared_ptr<net::host_limiter> limiter = {};
};

/// Hermes' one-shot REST call, cached; who asks for a price that is being fetched gets that one.
[[nodiscard]] std::unique_ptr<price_source> make_hermes_prices(hermes_options options, const runtime::clock& clock);

struct feed_price {
  domain::decimal price_usd;
  domain::utc_time publish_time;
};

/// The price of `feed_id` in the answer of /v2/updates/price/latest. The error is a sentence.
[[nodiscard]] domain::result<feed_price, std::string> parse_latest_price(std::string_view body,
                                                                         std::string_view feed_id);

}  // namespace landfall::executor::api
