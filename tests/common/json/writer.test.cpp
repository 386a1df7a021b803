#include "common/json/writer.hpp"

#include <doctest/doctest.h>

#include <limits>
#include <string>
#include <string_view>

using namespace landfall::json;
using namespace std::string_view_literals;

namespace {

std::string string_of(std::string_view text) {
  std::string out;
  append_string(out, text);
  return out;
}

}  // namespace

TEST_CASE("the writer writes exact numbers and repairs text") {
  writer w;
  w.begin_object()
      .member("id", "a\"b")
      .member("max", std::numeric_limits<std::uint64_t>::max())
      .member("min", std::numeric_limits<std::int64_t>::min())
      .member("ms", 5LL)
      .member("ok", true)
      .key("price")
      .raw_number("0.10")
      .key("list")
      .begin_array()
      .null()
      .string("\xFF\xC3\xA9")
      .end_array()
      .end_object();
  CHECK(w.take() ==
        "{\"id\":\"a\\\"b\",\"max\":18446744073709551615,\"min\":-9223372036854775808,\"ms\":5,\"ok\":true,"
        "\"price\":0.10,\"list\":[null,\"\xEF\xBF\xBD\xC3\xA9\"]}");
  w.string("again");
  CHECK(w.take() == "\"again\"");
}

TEST_CASE("what was parsed is written back unchanged") {
  const std::string text = R"({"a":[1e-7,18446744073709551616,"5",true,null,{}],"b":{"c":-0.0}})";
  const auto v = parse(text);
  REQUIRE(v.ok());
  writer w;
  w.value(*v);
  CHECK(w.take() == text);
}

TEST_CASE("text that is JSON already is written as it stands") {
  writer w;
  w.begin_array().raw_json(R"({"a": 1})").raw_json("2").end_array();
  CHECK(w.take() == R"([{"a": 1},2])");
}

TEST_CASE("commas stand between elements and nowhere else") {
  writer w;
  w.begin_array().begin_array().end_array().begin_object().end_object().begin_object();
  w.member("a", 1).key("b").begin_array().u64(1).i64(-2).end_array().member("c", false).end_object().null().end_array();
  CHECK(w.take() == R"([[],{},{"a":1,"b":[1,-2],"c":false},null])");
}

TEST_CASE("every character of a string is read back as it was") {
  CHECK(string_of("a\"b\\c/") == R"("a\"b\\c/")");
  CHECK(string_of("\n\r\t") == R"("\n\r\t")");
  CHECK(string_of("\b\f\x1F\x7F\0"sv) == R"("\u0008\u000c\u001f\u007f\u0000")");
  CHECK(string_of("\xE2\x82\xAC\xF0\x9F\x98\x80") == "\"\xE2\x82\xAC\xF0\x9F\x98\x80\"");
  CHECK(string_of("\xED\xA0\x80|\xE2\x82") == "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD|\xEF\xBF\xBD\xEF\xBF\xBD\"");
  for (int c = 0; c < 0x80; ++c) {
    const std::string text(2, static_cast<char>(c));
    const auto read = parse(string_of(text));
    REQUIRE(read.ok());
    CHECK(as_string(&*read) == text);
  }
}
