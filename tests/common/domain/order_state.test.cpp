#include "common/domain/order_state.hpp"

#include <doctest/doctest.h>

#include <set>
#include <string>
#include <tuple>

using namespace landfall::domain;

TEST_CASE("every state has its own name and is found by it") {
  std::set<std::string_view> names;
  for (const auto& row : order_states) {
    CHECK(to_string(row.state) == row.name);
    CHECK(parse_order_state(row.name) == row.state);
    names.insert(row.name);
  }
  CHECK(names.size() == order_states.size());
  CHECK(!parse_order_state("no_such_state"));
}

TEST_CASE("no move leaves a final state, and no move is listed twice") {
  std::set<std::tuple<int, int, int>> seen;
  for (const auto& move : allowed_transitions) {
    if (move.from)
      CHECK_MESSAGE(!order_states[static_cast<std::size_t>(*move.from)].is_final, to_string(*move.from));
    CHECK(seen.emplace(move.from ? static_cast<int>(*move.from) : -1, static_cast<int>(move.to),
                       static_cast<int>(move.by))
              .second);
  }
}

TEST_CASE("every state but the final ones has a way out, and every state is reached") {
  for (const auto& row : order_states) {
    bool left = false;
    bool reached = false;
    for (const auto& move : allowed_transitions) {
      left = left || move.from == row.state;
      reached = reached || move.to == row.state;
    }
    CHECK_MESSAGE(left != row.is_final, row.name);
    CHECK_MESSAGE(reached, row.name);
  }
}
