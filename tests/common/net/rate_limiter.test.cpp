#include "common/net/rate_limiter.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <map>
#include <queue>
#include <random>
#include <vector>

namespace landfall::net {

namespace {

using std::chrono::milliseconds;
using time = rate_limiter::time;

time at(std::int64_t ms) {
  return time{} + milliseconds{1'000'000 + ms};
}

limit_signal ok() {
  return {200, {}, {}, {}};
}
limit_signal refusal(std::optional<milliseconds> retry_after = {}) {
  return {429, retry_after, {}, {}};
}

/// A limiter, a server that takes so many requests in any window of its own, and virtual time between the two.
struct limiter_fixture {
  enum class event { arrives, answers, looks };
  struct entry {
    time when;
    std::uint64_t number;
    event what;
    bool accepted;
    friend bool operator>(const entry& a, const entry& b) {
      return std::tie(a.when, a.number) > std::tie(b.when, b.number);
    }
  };

  rate_limiter limiter;
  std::uint32_t server_takes;
  milliseconds server_window;
  std::mt19937_64 random;
  milliseconds most_latency{40};
  milliseconds retry_after{1'000};
  time now = at(0);

  std::priority_queue<entry, std::vector<entry>, std::greater<>> agenda;
  std::uint64_t numbers = 0;
  std::uint64_t look_number = 0;
  std::deque<time> arrivals;
  std::size_t most_in_window = 0;
  std::size_t refused_by_server = 0;
  std::map<std::uint64_t, std::pair<purpose, time>> lined_up;
  std::array<std::size_t, purpose_count> granted{};
  std::array<std::size_t, purpose_count> refused{};
  std::array<milliseconds, purpose_count> longest{};
  std::array<std::size_t, purpose_count> demand{};

  limiter_fixture(rate_limit limit, std::uint64_t seed, std::uint32_t takes)
      : limiter(limit, seed), server_takes(takes), server_window(limit.window), random(seed) {}

  milliseconds latency() {
    return milliseconds{1 + static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(most_latency.count()))};
  }
  void plan(milliseconds in, event what, bool accepted = false) {
    agenda.push({now + in, ++numbers, what, accepted});
  }
  void ask(purpose p) {
    ++demand[static_cast<std::size_t>(p)];
    lined_up[limiter.ask(p, now)] = {p, now};
    settle();
  }
  void settle() {
    for (const auto& s : limiter.settle(now)) {
      const auto p = static_cast<std::size_t>(s.what);
      REQUIRE(lined_up.contains(s.ticket));
      REQUIRE(lined_up[s.ticket].first == s.what);
      lined_up.erase(s.ticket);
      if (!s.granted) {
        CHECK(s.retry_after > milliseconds{0});
        ++refused[p];
        continue;
      }
      ++granted[p];
      longest[p] = std::max(longest[p], s.waited);
      plan(latency(), event::arrives);
    }
    if (const auto next = limiter.next_settle(now)) {
      REQUIRE(*next > now);
      // As a timer that is set anew.
      look_number = ++numbers;
      agenda.push({*next, look_number, event::looks, false});
    }
  }
  void arrive() {
    while (!arrivals.empty() && arrivals.front() + server_window <= now)
      arrivals.pop_front();
    const bool accepted = arrivals.size() < server_takes;
    // A refused request counts here too, so that the figure says what was asked of the server.
    most_in_window = std::max(most_in_window, arrivals.size() + 1);
    if (accepted)
      arrivals.push_back(now);
    else
      ++refused_by_server;
    plan(latency(), event::answers, accepted);
  }
  /// Runs until `end`, asking `per_tick` of each purpose every `tick`.
  void run(time end, milliseconds tick, const std::array<int, purpose_count>& per_tick) {
    for (auto next_tick = now; now < end;) {
      if (agenda.empty() || agenda.top().when >= next_tick) {
        now = next_tick;
        for (std::size_t p = 0; p < purpose_count; ++p)
          for (int i = 0; i < per_tick[p]; ++i)
            ask(static_cast<purpose>(p));
        next_tick += tick;
        continue;
      }
      const auto e = agenda.top();
      agenda.pop();
      if (e.what == event::looks && e.number != look_number)
        continue;
      now = e.when;
      if (e.what == event::arrives)
        arrive();
      if (e.what == event::answers)
        limiter.answered(now, e.accepted ? ok() : refusal(retry_after));
      settle();
    }
  }
  std::size_t of(purpose p) const {
    return granted[static_cast<std::size_t>(p)];
  }
  std::size_t refusals(purpose p) const {
    return refused[static_cast<std::size_t>(p)];
  }
};

/// Takes permits until none is given.
std::size_t take_all(rate_limiter& limiter, purpose p, time now) {
  std::size_t n = 0;
  while (n < 100'000 && !limiter.try_take(p, now))
    ++n;
  return n;
}

}  // namespace

TEST_CASE("no window of the server ever sees more than the limit, whatever the schedule") {
  const std::uint64_t first_seed = 20'260'801;
  for (std::uint64_t seed = first_seed; seed < first_seed + 60; ++seed) {
    CAPTURE(seed);
    std::mt19937_64 random{seed};
    const rate_limit limit{1 + static_cast<std::uint32_t>(random() % 40),
                           milliseconds{100 + static_cast<std::int64_t>(random() % 2'000)}};
    CAPTURE(limit.requests_per_window);
    CAPTURE(limit.window.count());
    limiter_fixture w{limit, seed, limit.requests_per_window};
    w.most_latency = milliseconds{1 + static_cast<std::int64_t>(random() % 400)};
    for (int phase = 0; phase < 6; ++phase) {
      std::array<int, purpose_count> burst{};
      for (auto& n : burst)
        n = static_cast<int>(random() % 4);
      w.run(w.now + 3 * limit.window, milliseconds{5 + static_cast<std::int64_t>(random() % 300)}, burst);
    }
    CHECK(w.most_in_window <= limit.requests_per_window);
    CHECK(w.refused_by_server == 0);
    CHECK(w.of(purpose::confirmation) > 0);
  }
}

TEST_CASE("the whole limit is used when one purpose alone asks") {
  limiter_fixture w{{50, milliseconds{1'000}}, 7, 50};
  w.most_latency = milliseconds{10};
  w.run(at(20'000), milliseconds{10}, {0, 0, 0, 0, 2, 0});
  // A slot stays taken until a window after its answer: at most 20 ms longer than a window.
  CHECK(w.of(purpose::quote) >= 50 * 19);
  CHECK(w.refused_by_server == 0);
}

TEST_CASE("under scarcity confirmations and broadcasts come first, and quotes are refused in so many words") {
  limiter_fixture w{{20, milliseconds{1'000}}, 3, 20};
  // Confirmations and broadcasts within what the host gives, ten times as many quotes as there is room for.
  w.run(at(30'000), milliseconds{100}, {1, 0, 0, 0, 20, 0});
  CHECK(w.refusals(purpose::confirmation) == 0);
  CHECK(w.longest[0] < milliseconds{1'200});
  CHECK(w.of(purpose::confirmation) >= w.demand[0] - 5);
  CHECK(w.refusals(purpose::quote) > 1'000);
  CHECK(w.of(purpose::quote) < w.of(purpose::confirmation) + 20);
}

TEST_CASE("what ranks above is kept free: a crowd of quotes leaves room for a confirmation at once") {
  rate_limiter limiter{{100, milliseconds{1'000}}};
  CHECK_FALSE(limiter.try_take(purpose::confirmation, at(0)));
  limiter.answered(at(1), ok());
  const auto quotes = take_all(limiter, purpose::quote, at(2));
  CHECK(quotes > 50);
  CHECK(quotes < 80);
  for (int i = 0; i < 20; ++i)
    CHECK_FALSE(limiter.try_take(purpose::confirmation, at(3)));
}

TEST_CASE("nobody starves: each purpose is granted within its bound though all ask for far more") {
  const std::uint64_t first_seed = 77;
  for (std::uint64_t seed = first_seed; seed < first_seed + 10; ++seed) {
    CAPTURE(seed);
    limiter_fixture w{{100, milliseconds{1'000}}, seed, 100};
    w.run(at(30'000), milliseconds{50}, {20, 20, 20, 20, 20, 20});
    for (std::size_t p = 0; p < purpose_count; ++p) {
      CAPTURE(to_string(static_cast<purpose>(p)));
      // Half of its share at the least, in a world where each answer takes up to 80 ms.
      CHECK(w.granted[p] * 100 >= 30 * 100 * purpose_budgets[p].share_percent / 2);
    }
    CHECK(w.of(purpose::confirmation) > w.of(purpose::quote));
    CHECK(w.of(purpose::broadcast) > w.of(purpose::quote));
    CHECK(w.refused_by_server == 0);
  }
}

TEST_CASE("a lone quote gets through a flood of confirmations within the bound") {
  limiter_fixture w{{40, milliseconds{1'000}}, 5, 40};
  w.run(at(5'000), milliseconds{10}, {5, 0, 0, 0, 0, 0});
  for (int i = 0; i < 8; ++i) {
    w.ask(purpose::quote);
    w.run(w.now + milliseconds{3'000}, milliseconds{10}, {5, 0, 0, 0, 0, 0});
  }
  CHECK(w.of(purpose::quote) == 8);
  CHECK(w.longest[4] <= w.limiter.longest_wait(purpose::quote, 2 * w.most_latency));
}

TEST_CASE("a limit that nobody told is found out with few refusals, and used") {
  const std::uint64_t first_seed = 11;
  for (std::uint64_t seed = first_seed; seed < first_seed + 5; ++seed) {
    CAPTURE(seed);
    limiter_fixture w{{10'000, milliseconds{1'000}}, seed, 20};
    w.run(at(60'000), milliseconds{50}, {1, 1, 0, 1, 1, 0});
    CHECK(w.refused_by_server > 0);
    CHECK(w.refused_by_server < 100);
    const auto all = w.granted[0] + w.granted[1] + w.granted[3] + w.granted[4];
    CHECK(all > 60 * 20 / 2);
    CHECK(w.refused_by_server * 10 < all);
    CHECK(w.limiter.limit() < 40);
  }
}

TEST_CASE("429 pauses all, as long as Retry-After says and never longer than the bound") {
  rate_limiter limiter{{}};
  CHECK_FALSE(limiter.try_take(purpose::read, at(0)));
  limiter.answered(at(10), refusal(milliseconds{5'000}));
  const auto wait = limiter.try_take(purpose::confirmation, at(20));
  REQUIRE(wait);
  CHECK(wait->count() == 4'990);
  CHECK(limiter.try_take(purpose::confirmation, at(5'009)));
  CHECK_FALSE(limiter.try_take(purpose::confirmation, at(5'010)));
  limiter.answered(at(5'011), refusal(milliseconds{std::chrono::hours{24 * 365}}));
  CHECK(limiter.pause_left(at(5'011)) == rate_limiter::max_pause);
}

TEST_CASE("without Retry-After the pauses grow to a bound, and end with a success") {
  rate_limiter limiter{{}, 42};
  std::int64_t now = 0;
  milliseconds longest{0};
  for (int i = 0; i < 40; ++i) {
    REQUIRE_FALSE(limiter.try_take(purpose::read, at(now)));
    limiter.answered(at(now), i % 2 == 0 ? refusal() : limit_signal{503, {}, {}, {}});
    const auto pause = limiter.pause_left(at(now));
    CHECK(pause >= milliseconds{250});
    CHECK(pause <= milliseconds{10'000});
    longest = std::max(longest, pause);
    // By now the limit is one request a window.
    now += pause.count() + 1'000;
  }
  CHECK(longest > milliseconds{2'000});
  REQUIRE_FALSE(limiter.try_take(purpose::read, at(now)));
  limiter.answered(at(now), ok());
  now += 1'000;
  CHECK_FALSE(limiter.try_take(purpose::read, at(now)));
  limiter.answered(at(now), refusal());
  CHECK(limiter.pause_left(at(now)) <= milliseconds{750});
}

TEST_CASE("many refusals of one burst are one") {
  rate_limiter limiter{{100, milliseconds{1'000}}, 9};
  for (int i = 0; i < 60; ++i)
    REQUIRE_FALSE(limiter.try_take(purpose::read, at(0)));
  for (int i = 0; i < 30; ++i)
    limiter.answered(at(5), ok());
  for (int i = 0; i < 30; ++i)
    limiter.answered(at(6), refusal(milliseconds{1'000}));
  CHECK(limiter.limit() == 30);
  CHECK(limiter.pause_left(at(6)) == milliseconds{1'000});
}

TEST_CASE("what the server says is left is not exceeded, and one is tried when it frees one") {
  rate_limiter limiter{{1'000, milliseconds{1'000}}};
  CHECK_FALSE(limiter.try_take(purpose::quote, at(0)));
  limiter.answered(at(1), {200, {}, 3, milliseconds{4'000}});
  CHECK(take_all(limiter, purpose::quote, at(2)) == 3);
  CHECK(limiter.try_take(purpose::quote, at(3))->count() == 3'998);
  CHECK(limiter.try_take(purpose::quote, at(4'000)));
  CHECK(take_all(limiter, purpose::quote, at(4'001)) == 1);
  // Hostile: less than nothing is left, for ever.
  limiter.answered(at(4'002), {200, {}, std::numeric_limits<std::int64_t>::min(), std::chrono::hours{1'000'000}});
  CHECK(limiter.try_take(purpose::quote, at(4'003)) <= rate_limiter::max_pause);
  CHECK(take_all(limiter, purpose::quote, at(4'002 + 60'000)) == 1);
  // An answer without the headers ends it.
  limiter.answered(at(70'000), ok());
  CHECK(take_all(limiter, purpose::quote, at(80'000)) > 100);
}

TEST_CASE("who waits longer than its purpose may is refused, and who is cancelled is forgotten") {
  rate_limiter limiter{{1, milliseconds{600'000}}};
  const auto first = limiter.ask(purpose::read, at(0));
  const auto second = limiter.ask(purpose::read, at(0));
  const auto third = limiter.ask(purpose::quote, at(0));
  auto done = limiter.settle(at(0));
  REQUIRE(done.size() == 1);
  CHECK((done[0].ticket == first && done[0].granted));
  limiter.cancel(third);
  CHECK(limiter.next_settle(at(1)) == at(5'000));
  CHECK(limiter.settle(at(4'999)).empty());
  done = limiter.settle(at(5'000));
  REQUIRE(done.size() == 1);
  CHECK((done[0].ticket == second && !done[0].granted));
  CHECK(done[0].waited == milliseconds{5'000});
  CHECK_FALSE(limiter.next_settle(at(5'000)));
}

TEST_CASE("a pause that outlasts the wait refuses at once; a line has a bound") {
  rate_limiter limiter{{}};
  CHECK_FALSE(limiter.try_take(purpose::read, at(0)));
  limiter.answered(at(0), refusal(milliseconds{8'000}));
  static_cast<void>(limiter.ask(purpose::quote, at(0)));
  const auto confirmation = limiter.ask(purpose::confirmation, at(0));
  auto done = limiter.settle(at(0));
  REQUIRE(done.size() == 1);
  CHECK(done[0].what == purpose::quote);
  CHECK(done[0].retry_after == milliseconds{8'000});
  CHECK(limiter.next_settle(at(0)) == at(8'000));
  done = limiter.settle(at(8'000));
  REQUIRE(done.size() == 1);
  CHECK((done[0].ticket == confirmation && done[0].granted));

  rate_limiter full{{1, milliseconds{600'000}}};
  for (std::size_t i = 0; i < purpose_budgets[5].max_waiting + 3; ++i)
    static_cast<void>(full.ask(purpose::stream, at(0)));
  done = full.settle(at(0));
  CHECK(std::ranges::count(done, true, &rate_limiter::settled::granted) == 1);
  CHECK(std::ranges::count(done, false, &rate_limiter::settled::granted) == 2);
  CHECK(full.waiting(purpose::stream) == purpose_budgets[5].max_waiting);
}

TEST_CASE("spare room is more than half of the window") {
  rate_limiter limiter{{10, milliseconds{1'000}}};
  CHECK(limiter.has_spare(at(0)));
  for (int i = 0; i < 5; ++i) {
    CHECK(limiter.has_spare(at(0)));
    REQUIRE_FALSE(limiter.try_take(purpose::read, at(0)));
  }
  CHECK_FALSE(limiter.has_spare(at(0)));
  for (int i = 0; i < 5; ++i)
    limiter.answered(at(0), ok());
  CHECK_FALSE(limiter.has_spare(at(999)));
  CHECK(limiter.has_spare(at(1'000)));
}

TEST_CASE("there is no spare room while somebody waits, or a host that refused is left alone") {
  const auto limiter_of_ten = [] { return rate_limiter{{10, milliseconds{1'000}}}; };
  auto waited = limiter_of_ten();
  const auto ticket = waited.ask(purpose::quote, at(0));
  CHECK_FALSE(waited.has_spare(at(0)));
  waited.cancel(ticket);
  CHECK(waited.has_spare(at(0)));

  // 503 says nothing of the limit: the pause alone counts.
  auto paused = limiter_of_ten();
  REQUIRE_FALSE(paused.try_take(purpose::read, at(0)));
  paused.answered(at(1), {503, milliseconds{5'000}, {}, {}});
  REQUIRE(paused.limit() == 10);
  CHECK_FALSE(paused.has_spare(at(5'000)));
  CHECK(paused.has_spare(at(5'001)));

  // Its limit is in doubt long after the pause.
  auto lowered = limiter_of_ten();
  REQUIRE_FALSE(lowered.try_take(purpose::read, at(0)));
  lowered.answered(at(1), refusal());
  CHECK_FALSE(lowered.has_spare(at(2)));
  CHECK_FALSE(lowered.has_spare(at(9'000)));
}

TEST_CASE("the last request that a host says it will take is not spare") {
  rate_limiter limiter{{10, milliseconds{1'000}}};
  const auto set_remaining = [&limiter](std::int64_t remaining) {
    REQUIRE_FALSE(limiter.try_take(purpose::read, at(0)));
    limiter.answered(at(0), {200, {}, remaining, milliseconds{500}});
    return limiter.has_spare(at(0));
  };
  CHECK(set_remaining(2));
  CHECK_FALSE(set_remaining(1));
}

TEST_CASE("the smallest and the largest limits hold") {
  // The extremes neither overflow nor divide by nothing.
  for (const rate_limit extreme : {rate_limit{1, milliseconds{600'000}}, rate_limit{1'000'000, milliseconds{600'000}},
                                   rate_limit{1, milliseconds{10}}, rate_limit{1'000'000, milliseconds{10}}}) {
    rate_limiter limiter{extreme};
    CHECK_FALSE(limiter.try_take(purpose::stream, at(0)));
    limiter.answered(at(1), ok());
    CHECK_FALSE(limiter.try_take(purpose::stream, at(1'000'000'000)));
  }
}

}  // namespace landfall::net
