#include "common/domain/text.hpp"

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

using landfall::domain::storable_text;
using namespace std::string_literals;

TEST_CASE("a text that is fit to be stored stays as it is") {
  for (const auto& text :
       {""s, "plain\r\n\t\x7f"s, "ß"s, "€"s, "\uFFFD"s, "\U00010000"s, "\U0010FFFF"s, "\uD7FF\uE000"s})
    CHECK(storable_text(text) == text);
}

TEST_CASE("each NUL and each byte that is not of UTF-8 is replaced, and nothing else") {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"a\0b"s, "a\uFFFDb"},
      {"\x80", "\uFFFD"},
      {"\xC3", "\uFFFD"},
      {"\xC3x", "\uFFFDx"},
      {"\xC0\x80", "\uFFFD\uFFFD"},
      {"\xE2\x82", "\uFFFD\uFFFD"},
      {"\xE0\x80\x80", "\uFFFD\uFFFD\uFFFD"},
      {"\xED\xA0\x80", "\uFFFD\uFFFD\uFFFD"},
      {"\xF0\x9F\x98", "\uFFFD\uFFFD\uFFFD"},
      {"\xF0\x80\x80\x80", "\uFFFD\uFFFD\uFFFD\uFFFD"},
      {"\xF4\x90\x80\x80", "\uFFFD\uFFFD\uFFFD\uFFFD"},
      {"\xFF€", "\uFFFD€"},
  };
  for (const auto& [text, kept] : cases) {
    INFO(kept);
    CHECK(storable_text(text) == kept);
  }
}

TEST_CASE("a text is cut at the edge of a character") {
  CHECK(storable_text("abcd", 4) == "abcd");
  CHECK(storable_text("abcd", 3) == "abc");
  CHECK(storable_text("abcd", 0).empty());
  const std::string text = "aß€😀";
  const std::vector<std::size_t> kept{0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 10};
  for (std::size_t bound = 0; bound < kept.size(); ++bound)
    CHECK(storable_text(text, bound) == text.substr(0, kept[bound]));
  // What replaces a byte is longer than it.
  CHECK(storable_text("a\xFF", 3) == "a");
  CHECK(storable_text("a\xFF", 4) == "a\uFFFD");
}
