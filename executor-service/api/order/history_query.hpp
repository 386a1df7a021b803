#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "common/solana/pubkey.hpp"
#include "executor-service/api/http/reply.hpp"

namespace landfall::executor::api {

enum class state_group { active, past };
enum class sort_field { updated_at, created_at, expires_at };
enum class sort_direction { ascending, descending };

[[nodiscard]] std::string_view to_string(state_group group) noexcept;
[[nodiscard]] std::string_view to_string(sort_field field) noexcept;

struct history_query {
  std::optional<state_group> group;
  std::optional<solana::pubkey> mint;
  int limit = 20;
  std::int64_t offset = 0;
  sort_field sort = sort_field::updated_at;
  sort_direction direction = sort_direction::descending;
};

[[nodiscard]] validated<history_query> parse_history_query(const std::map<std::string, std::string>& query);

}  // namespace landfall::executor::api
