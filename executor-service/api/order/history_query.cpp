#include "executor-service/api/order/history_query.hpp"

#include "common/domain/parse_number.hpp"

#include "executor-service/api/http/named_values.hpp"

namespace landfall::executor::api {

namespace {

constexpr std::int64_t max_offset = 1'000'000'000;
constexpr std::array state_groups{named{"active", state_group::active}, named{"past", state_group::past}};
constexpr std::array sort_fields{named{"updated_at", sort_field::updated_at},
                                 named{"created_at", sort_field::created_at},
                                 named{"expires_at", sort_field::expires_at}};
constexpr std::array sort_directions{named{"asc", sort_direction::ascending},
                                     named{"desc", sort_direction::descending}};

}  // namespace

std::string_view to_string(state_group group) noexcept {
  return name_in(state_groups, group);
}
std::string_view to_string(sort_field field) noexcept {
  return name_in(sort_fields, field);
}

validated<history_query> parse_history_query(const std::map<std::string, std::string>& query) {
  history_query parsed;
  refusal refused{400, "Request validation failed", {}};
  const auto given = [&](const char* name) -> const std::string* {
    const auto found = query.find(name);
    return found == query.end() ? nullptr : &found->second;
  };
  const auto add_error = [&](const char* name, std::string message) {
    refused.details.emplace_back(name, std::move(message));
  };

  if (const auto* text = given("state")) {
    parsed.group = value_in(state_groups, *text);
    if (!parsed.group)
      add_error("state", one_of(state_groups));
  }
  if (const auto* text = given("mint")) {
    if (const auto mint = solana::pubkey::parse(*text))
      parsed.mint = *mint;
    else
      add_error("mint", "Must be a base58 Solana address");
  }
  if (const auto* text = given("limit")) {
    const auto number = domain::parse_number<std::int64_t>(*text);
    if (!number || *number < 1 || *number > 100)
      add_error("limit", "Must be a whole number from 1 to 100");
    else
      parsed.limit = static_cast<int>(*number);
  }
  if (const auto* text = given("offset")) {
    const auto number = domain::parse_number<std::int64_t>(*text);
    if (!number || *number < 0 || *number > max_offset)
      add_error("offset", "Must be a whole number from 0 to " + std::to_string(max_offset));
    else
      parsed.offset = *number;
  }
  if (const auto* text = given("sort")) {
    if (const auto field = value_in(sort_fields, *text))
      parsed.sort = *field;
    else
      add_error("sort", one_of(sort_fields));
  }
  if (const auto* text = given("dir")) {
    if (const auto direction = value_in(sort_directions, *text))
      parsed.direction = *direction;
    else
      add_error("dir", one_of(sort_directions));
  }
  if (!refused.details.empty())
    return domain::failure{std::move(refused)};
  return parsed;
}

}  // namespace landfall::executor::api
