#include "common/fault/fault_point.hpp"

#include <doctest/doctest.h>

#include <sys/wait.h>
#include <unistd.h>
#include <csignal>
#include <cstdlib>
#include <functional>
#include <set>
#include <string>

#include "common/runtime/log.hpp"

using namespace landfall;
using fault::effect;
using fault::moment;

namespace {

void arm(const std::string& what) {
  setenv("LANDFALL_FAULT", what.c_str(), 1);
  REQUIRE(fault::arm_from_environment() == "");
}

/// What is logged while it lives.
struct capture {
  std::string text;
  capture() {
    runtime::log_redirect([this](std::string_view line) { text.append(line).append(1, '\n'); });
  }
  ~capture() {
    runtime::log_redirect({});
  }
  capture(const capture&) = delete;
  capture& operator=(const capture&) = delete;
};

enum : int { performed = 1, failed_before = 2, failed_after = 3 };

int answer_of(const fault::point& at, bool& done) {
  done = false;
  return fault::around(
      at,
      [&] {
        done = true;
        return static_cast<int>(performed);
      },
      [](moment when) { return static_cast<int>(when == moment::before ? failed_before : failed_after); });
}

/// The same through the helper for answers that come later.
int late_answer_of(const fault::point& at, bool& done) {
  done = false;
  int answer = 0;
  fault::between(
      at,
      [&](const std::function<void(int)>& answered) {
        done = true;
        answered(performed);
      },
      std::function<void(int)>{[&](int a) { answer = a; }},
      [](moment when) { return static_cast<int>(when == moment::before ? failed_before : failed_after); });
  return answer;
}

}  // namespace

TEST_CASE("every registered point is one of a pair around its effect") {
  const capture quiet;
  const auto points = fault::money_path_points();
  REQUIRE(points.size() % 2 == 0);
  std::set<std::string> names;
  for (std::size_t i = 0; i < points.size(); i += 2) {
    const auto& at = points[i].at;
    CAPTURE(points[i].name);
    bool done = false;
    for (const auto& passed : {answer_of, late_answer_of}) {
      CHECK(passed(at, done) == performed);
      arm(points[i].name + "=error");
      CHECK(passed(at, done) == failed_before);
      CHECK_FALSE(done);
      arm(points[i + 1].name + "=error");
      CHECK(passed(at, done) == failed_after);
      CHECK(done);
      // Once.
      CHECK(passed(at, done) == performed);
    }
    names.insert(points[i].name);
    names.insert(points[i + 1].name);
  }
  CHECK(names.size() == points.size());
}

TEST_CASE("several effects of one commit fail as one") {
  const capture quiet;
  const std::vector<fault::point> points{{effect::commit_outcome, "swap"}, {effect::commit_attempt, "payout"}};
  int commits = 0;
  const auto commit = [&] {
    return fault::around_all(
        points, [&] { return ++commits; }, [](moment when) { return when == moment::before ? -1 : -2; });
  };
  CHECK(commit() == 1);
  arm("commit_attempt.payout.before=error");
  CHECK(commit() == -1);
  CHECK(commits == 1);
  arm("commit_attempt.payout.after=error");
  CHECK(commit() == -2);
  CHECK(commits == 2);
}

TEST_CASE("an effect that did nothing has nothing after it") {
  const capture quiet;
  arm("claim.after=error");
  const auto claim = [](int found) {
    return fault::around(
        {effect::claim}, [&] { return found; }, [](moment) { return -1; }, [](int n) { return n > 0; });
  };
  CHECK(claim(0) == 0);
  CHECK(claim(3) == -1);
}

TEST_CASE("a send that fails before is left out, and one that fails after was made") {
  const capture quiet;
  int sent = 0;
  arm("broadcast.swap.before=error");
  fault::around_send({effect::broadcast, "swap"}, [&] { ++sent; });
  CHECK(sent == 0);
  fault::around_send({effect::broadcast, "swap"}, [&] { ++sent; });
  CHECK(sent == 1);
}

TEST_CASE("a point that fires says so first") {
  const capture logged;
  arm("signature.payout.after=error");
  bool done = false;
  answer_of({effect::signature, "payout"}, done);
  CHECK(logged.text.find(R"("event":"fault_point","name":"signature.payout.after","action":"error")") !=
        std::string::npos);
}

TEST_CASE("kill ends the process at the point, stall stops it there until it is continued") {
  const auto child_that = [](const char* what) {
    const auto child = fork();
    if (child == 0) {
      runtime::log_redirect([](std::string_view) {});
      setenv("LANDFALL_FAULT", what, 1);
      if (!fault::arm_from_environment().empty())
        _exit(3);
      bool done = false;
      answer_of({effect::claim}, done);
      _exit(done ? 0 : 4);
    }
    return child;
  };
  int status = 0;
  const auto killed = child_that("claim.before=kill");
  REQUIRE(waitpid(killed, &status, 0) == killed);
  CHECK(WIFSIGNALED(status));
  CHECK(WTERMSIG(status) == SIGKILL);

  const auto stalled = child_that("claim.before=stall");
  REQUIRE(waitpid(stalled, &status, WUNTRACED) == stalled);
  CHECK(WIFSTOPPED(status));
  CHECK(WSTOPSIG(status) == SIGSTOP);
  kill(stalled, SIGCONT);
  REQUIRE(waitpid(stalled, &status, 0) == stalled);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
}

TEST_CASE("what is no point or no action is refused") {
  for (const char* wrong : {"claim.before", "claim.before=explode", "claim=kill", "nothing.before=kill", "=kill"}) {
    CAPTURE(wrong);
    setenv("LANDFALL_FAULT", wrong, 1);
    CHECK(fault::arm_from_environment() != "");
  }
  unsetenv("LANDFALL_FAULT");
  CHECK(fault::arm_from_environment() == "");
}
