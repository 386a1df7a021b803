#include "common/runtime/log.hpp"

#include <doctest/doctest.h>

#include <limits>
#include <thread>
#include <vector>

using namespace landfall::runtime;

namespace {

/// What is logged while it lives.
struct capture {
  std::vector<std::string> lines;
  explicit capture(log_format format, level least = level::debug) {
    log_init("executor-service", "executor-1", least, format);
    log_redirect([this](std::string_view line) { lines.emplace_back(line); });
  }
  ~capture() {
    log_redirect({});
  }
  capture(const capture&) = delete;
  capture& operator=(const capture&) = delete;
};

}  // namespace

TEST_CASE("a line is one JSON object with the time, the level, who, what and the fields") {
  capture c{log_format::json};
  const std::string owned = "text";
  log_warn("order_claimed", {{"order_id", "abc"},
                             {"owned", owned},
                             {"u", std::numeric_limits<std::uint64_t>::max()},
                             {"i", std::numeric_limits<std::int64_t>::min()},
                             {"n", 7},
                             {"b", true}});
  REQUIRE(c.lines.size() == 1);
  const auto& line = c.lines.front();
  CHECK(line.starts_with("{\"ts\":\"20"));
  const std::string rest =
      "Z\",\"level\":\"warn\",\"service\":\"executor-service\",\"instance\":\"executor-1\","
      "\"event\":\"order_claimed\",\"order_id\":\"abc\",\"owned\":\"text\","
      "\"u\":18446744073709551615,\"i\":-9223372036854775808,\"n\":7,\"b\":true}";
  CHECK(line.ends_with(rest));
}

TEST_CASE("what a peer sent cannot break out of its line") {
  capture c{log_format::json};
  log_info("answer", {{"body", "a\"b\\c\nd\x01\xFF\xED\xA0\x80\xC3\xA9"}});
  REQUIRE(c.lines.size() == 1);
  CHECK(c.lines[0].find('\n') == std::string::npos);
  CHECK(c.lines[0].ends_with(
      "\"body\":\"a\\\"b\\\\c\\nd\\u0001\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xC3\xA9\"}"));
}

TEST_CASE("lines below the least level are not written") {
  capture c{log_format::text, level::warn};
  log_info("quiet");
  log_error("loud", {{"why", "because"}});
  REQUIRE(c.lines.size() == 1);
  CHECK(c.lines[0].ends_with(" error loud why=\"because\""));
}

TEST_CASE("threads do not mix their lines") {
  capture c{log_format::json};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([t] {
      for (int i = 0; i < 200; ++i)
        log_debug("tick", {{"thread", t}, {"i", i}});
    });
  for (auto& t : threads)
    t.join();
  CHECK(c.lines.size() == 800);
  for (const auto& line : c.lines)
    CHECK((line.front() == '{' && line.back() == '}'));
}

TEST_CASE("levels and formats have names") {
  CHECK(parse_level("warn") == level::warn);
  CHECK_FALSE(parse_level("WARN"));
  CHECK(parse_log_format("text") == log_format::text);
  CHECK_FALSE(parse_log_format(""));
}
