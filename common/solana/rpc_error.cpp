#include "common/solana/rpc_error.hpp"

#include <algorithm>
#include <array>

namespace landfall::solana {

namespace {

constexpr std::int64_t code_preflight = -32002;
constexpr std::int64_t code_unhealthy = -32005;
constexpr std::int64_t code_min_slot = -32016;

}  // namespace

bool rpc_error::proves_nothing() const noexcept {
  if (what != kind::rpc)
    return true;
  constexpr std::int64_t verdicts[] = {code_preflight, -32003, -32006, -32013, -32015, -32600, -32601, -32602};
  return std::ranges::find(verdicts, code) == std::end(verdicts);
}

bool rpc_error::already_processed() const noexcept {
  return preflight_failed() && preflight_err == "AlreadyProcessed";
}

bool rpc_error::blockhash_not_found() const noexcept {
  return preflight_failed() && preflight_err == "BlockhashNotFound";
}

bool rpc_error::preflight_failed() const noexcept {
  return what == kind::rpc && code == code_preflight;
}

bool rpc_error::behind_min_slot() const noexcept {
  return what == kind::rpc && code == code_min_slot;
}

bool rpc_error::node_unhealthy() const noexcept {
  return what == kind::rpc && code == code_unhealthy;
}

std::string_view to_string(rpc_error::kind kind) noexcept {
  constexpr std::array<std::string_view, 6> names{"unreachable", "timeout", "rate_limited",
                                                  "server",      "rpc",     "malformed"};
  return names[static_cast<std::size_t>(kind)];
}

}  // namespace landfall::solana
