#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "common/domain/result.hpp"
#include "common/net/host_limiter.hpp"
#include "common/solana/bytes.hpp"
#include "executor-service/order/build/core/maker_offer.hpp"

namespace landfall::executor {

/// Why a market maker gave no usable answer. Of a quote: nothing is lost. Of a submitted swap: it proves nothing.
struct maker_error {
  enum class kind : std::uint8_t {
    unreachable,   ///< no connection, it broke, or any HTTP status that is no answer
    timeout,       ///< no answer by the deadline
    rate_limited,  ///< HTTP 429, or not sent for our own limiter
    no_quote,      ///< HTTP 404: not this pair, not this amount, not now
    malformed,     ///< an answer to another question, or none of the promised shape
  };
  kind what = kind::malformed;
  /// For people. Does not name the URL.
  std::string message;
};

[[nodiscard]] std::string_view to_string(maker_error::kind kind) noexcept;

template <class T>
using maker_result = domain::result<T, maker_error>;
template <class T>
using maker_done = std::function<void(maker_result<T>)>;

/// A maker's answer to a submitted swap. For logs and metrics: it proves nothing.
enum class maker_answer : std::uint8_t { accepted, rejected };

struct maker_swap_reply {
  maker_answer state = maker_answer::rejected;
  std::string reason;
};

/// One market maker, with the webhooks of the public RFQ toolkit. Each `done` is called exactly once, never before the
/// call returns, on a thread of the net pool.
class maker_api {
public:
  virtual ~maker_api() = default;

  /// The name of its endpoint, stored with its attempts; not the whole URL, which may hold a key.
  [[nodiscard]] virtual const std::string& name() const noexcept = 0;
  virtual void quote(maker_quote_request request, maker_done<maker_quote> done) = 0;
  /// Submits the partly signed transaction, or asks again what became of it: both are the same call.
  virtual void swap(std::string quote_id, solana::bytes transaction, maker_done<maker_swap_reply> done) = 0;
};

struct maker_options {
  std::uint32_t quote_timeout_ms = 250;  ///< the protocol's deadline
  std::uint32_t swap_timeout_ms = 5'000;
  std::size_t max_response_bytes = 64 * 1024;
  std::size_t max_in_flight = 256;
  std::shared_ptr<net::host_limiter> limiter = {};
};

/// `maker_api` over HTTP. Thread-safe.
class maker_client final : public maker_api {
public:
  /// `base_url` such as "https://maker.example/webhooks": /quote and /swap are below it.
  explicit maker_client(std::string base_url, maker_options options = {});
  ~maker_client() override;

  [[nodiscard]] const std::string& name() const noexcept override;
  void quote(maker_quote_request request, maker_done<maker_quote> done) override;
  void swap(std::string quote_id, solana::bytes transaction, maker_done<maker_swap_reply> done) override;

private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

/// Host and port (and path, if there is one) of a maker's URL; nothing if it is no http(s) URL with a host.
[[nodiscard]] std::optional<std::string> maker_name(const std::string& base_url);

}  // namespace landfall::executor
