#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <future>
#include <memory>
#include <optional>
#include <utility>

#include "executor-service/chain/rpc/rpc_api.hpp"

namespace landfall::executor {

using stop_flag = std::shared_ptr<const std::atomic<bool>>;

/// An endpoint that answers, and its finalized slot and block height by its own word.
struct eye {
  rpc_api* endpoint = nullptr;
  std::uint64_t finalized_slot = 0;
  std::uint64_t finalized_block_height = 0;
};

/// Calls to endpoints from a thread that may wait.
class caller {
  /// Above every timeout of an endpoint: an answer that never comes at all.
  static constexpr std::chrono::seconds answer_deadline{60};
  static constexpr std::chrono::milliseconds answer_slice{20};

public:
  explicit caller(stop_flag stop) : stop_(std::move(stop)) {}

  template <class T>
  using pending = std::future<rpc_result<T>>;

  template <class T, class Start>
  static pending<T> start(Start begin) {
    auto promise = std::make_shared<std::promise<rpc_result<T>>>();
    auto answer = promise->get_future();
    begin([promise](rpc_result<T> result) { promise->set_value(std::move(result)); });
    return answer;
  }

  /// Nothing without a usable answer.
  template <class T>
  std::optional<T> wait(pending<T>& answer) const {
    const auto deadline = std::chrono::steady_clock::now() + answer_deadline;
    while (answer.wait_for(answer_slice) != std::future_status::ready)
      if (stopped() || std::chrono::steady_clock::now() > deadline)
        return std::nullopt;
    auto result = answer.get();
    if (!result.ok())
      return std::nullopt;
    return std::move(result).value();
  }

  [[nodiscard]] bool stopped() const {
    return stop_ && stop_->load();
  }

private:
  stop_flag stop_;
};

}  // namespace landfall::executor
