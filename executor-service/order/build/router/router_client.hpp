#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "common/domain/result.hpp"
#include "common/net/host_limiter.hpp"
#include "executor-service/order/build/core/route.hpp"

namespace landfall::executor {

template <class T>
using router_result = domain::result<T, router_error>;
template <class T>
using router_done = std::function<void(router_result<T>)>;

/// A swap router with the shapes of the public swap API, version 1. Each `done` is called exactly once, never before
/// the call returns, on a thread of the net pool. The `_sync` forms wait.
class router_api {
public:
  virtual ~router_api() = default;
  virtual void quote_for(quote_request request, router_done<quote> done) = 0;
  virtual void instructions_for(quote offer, swap_request request, router_done<swap_instructions_view> done) = 0;

  [[nodiscard]] router_result<quote> quote_for_sync(quote_request request);
  [[nodiscard]] router_result<swap_instructions_view> instructions_for_sync(quote offer, swap_request request);
};

struct router_options {
  std::string api_key = {};  ///< sent as x-api-key unless empty
  std::uint32_t timeout_ms = 5'000;
  std::size_t max_response_bytes = 1024 * 1024;
  std::size_t max_in_flight = 256;
  std::shared_ptr<net::host_limiter> limiter = {};
};

class router_client final : public router_api {
public:
  /// `base_url` such as "https://api.jup.ag/swap/v1": /quote and /swap-instructions are below it.
  explicit router_client(std::string base_url, router_options options = {});
  ~router_client() override;

  void quote_for(quote_request request, router_done<quote> done) override;
  void instructions_for(quote offer, swap_request request, router_done<swap_instructions_view> done) override;

private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

}  // namespace landfall::executor
