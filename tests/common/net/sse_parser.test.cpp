#include "common/net/sse_parser.hpp"

#include <doctest/doctest.h>

#include <vector>

using namespace landfall::net;

namespace {

std::vector<sse_event> parse(std::string_view text, std::size_t piece) {
  std::vector<sse_event> out;
  sse_parser p;
  for (std::size_t i = 0; i < text.size(); i += piece)
    CHECK(p.feed(text.substr(i, piece), [&](sse_event e) { out.push_back(std::move(e)); }));
  return out;
}

}  // namespace

TEST_CASE("events are the same however the bytes are cut and the lines end") {
  for (const std::string_view end : {"\n", "\r\n", "\r"}) {
    std::string text;
    for (const std::string_view line : {":keep-alive", "data: one", "", "event: price", "id: 7", "data:{\"a\":1}",
                                        "data:  two", "", "", "event: empty", "", "data", "", "data: lost"}) {
      text += line;
      text += end;
    }
    const std::vector<sse_event> expected{
        {"message", "one", ""}, {"price", "{\"a\":1}\n two", "7"}, {"message", "", "7"}};
    for (std::size_t piece = 1; piece <= text.size(); ++piece)
      CHECK(parse(text, piece) == expected);
  }
}

TEST_CASE("a byte order mark and unknown fields are passed over") {
  CHECK(parse("\xEF\xBB\xBF"
              "data: a\nwhatever: b\n\n",
              100) == std::vector<sse_event>{{"message", "a", ""}});
}

TEST_CASE("a delay that the stream asks for makes no event") {
  sse_parser p;
  CHECK(p.feed("retry: 12x\nretry: 1200\n\n", [](const sse_event&) { FAIL("an event without data"); }));
}

TEST_CASE("a line without end and an event without end are refused for good") {
  const auto ignore = [](const sse_event&) {};
  sse_parser line{100};
  CHECK(line.feed(std::string(100, 'x'), ignore));
  CHECK_FALSE(line.feed("x", ignore));
  CHECK_FALSE(line.feed("\n", ignore));
  sse_parser event{100};
  bool ok = true;
  for (int i = 0; i < 200 && ok; ++i)
    ok = event.feed("data: x\n", ignore);
  CHECK_FALSE(ok);
}
