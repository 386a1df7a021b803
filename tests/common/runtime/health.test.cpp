#include "common/runtime/health.hpp"

#include <doctest/doctest.h>

#include "common/runtime/clock.hpp"
#include "common/runtime/instance_id.hpp"

using namespace landfall::runtime;

TEST_CASE("nothing is ready before every check was set ok") {
  health h{{"rpc", "postgres"}};
  CHECK_FALSE(h.ready());
  h.set("rpc", true);
  CHECK_FALSE(h.ready());
  CHECK(h.to_json() ==
        R"({"ready":false,"checks":{"postgres":{"ok":false,"why":"not checked yet"},"rpc":{"ok":true}}})");
  h.set("postgres", true);
  CHECK(h.ready());
  h.set("postgres", false, "connection \"lost\"");
  CHECK(h.to_json() ==
        R"({"ready":false,"checks":{"postgres":{"ok":false,"why":"connection \"lost\""},"rpc":{"ok":true}}})");
}

TEST_CASE("what is only shown does not decide") {
  health h{{"rpc"}};
  h.declare("verifier", false);
  h.set("rpc", true);
  CHECK(h.ready());
  h.set("verifier", false, "too few endpoints");
  CHECK(h.ready());
  CHECK(h.to_json() ==
        R"({"ready":true,"checks":{"rpc":{"ok":true},"verifier":{"ok":false,"why":"too few endpoints"}}})");
  h.set("rpc", false, "away");
  CHECK_FALSE(h.ready());
}

TEST_CASE("a manual clock stands still until it is moved") {
  manual_clock c{landfall::domain::from_unix_ms(1000)};
  CHECK(landfall::domain::unix_ms(c.now()) == 1000);
  c.advance(std::chrono::milliseconds{5});
  CHECK(landfall::domain::unix_ms(c.now()) == 1005);
  CHECK(landfall::domain::unix_ms(system_clock_source{}.now()) > 1'600'000'000'000);
}

TEST_CASE("every instance has its own name") {
  const auto a = instance_id("trigger-service");
  CHECK(a.starts_with("trigger-service-"));
  CHECK(a != instance_id("trigger-service"));
}
