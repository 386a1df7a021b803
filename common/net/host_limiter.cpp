#include "common/net/host_limiter.hpp"

#include <algorithm>
#include <cctype>
#include <unordered_map>
#include <utility>
#include <vector>

#include "common/net/pool.hpp"

namespace landfall::net {

using std::chrono::milliseconds;

namespace {

rate_limiter::time now() {
  return std::chrono::steady_clock::now();
}

}  // namespace

struct host_limiter::impl : std::enable_shared_from_this<impl> {
  impl(std::string e, rate_limit limit, limiter_reports r, std::uint64_t seed)
      : endpoint(std::move(e)), reports(std::move(r)), core(limit, seed) {}

  /// Grants and refuses what is due, and sets a timer for the rest.
  void settle() {
    std::vector<std::pair<rate_limiter::settled, std::function<void(refusal)>>> due;
    {
      const std::lock_guard lock{mutex};
      const auto at = now();
      for (const auto& s : core.settle(at)) {
        const auto found = waiting.find(s.ticket);
        due.emplace_back(s, std::move(found->second));
        waiting.erase(found);
      }
      arm(at);
    }
    for (auto& [s, then] : due)
      notify(s, then);
  }

  void notify(const rate_limiter::settled& s, const std::function<void(refusal)>& then) const {
    using permit = limiter_reports::permit;
    if (reports.permitted)
      reports.permitted(s.what, !s.granted                   ? permit::refused
                                : s.waited > milliseconds{0} ? permit::delayed
                                                             : permit::granted);
    if (s.granted)
      return then(std::nullopt);
    net_error e{net_error::kind::rate_limited, "rate limited: " + std::string{to_string(s.what)} +
                                                   " is free again in " + std::to_string(s.retry_after.count()) +
                                                   " ms"};
    e.detail = e.message;
    e.retry_after = s.retry_after;
    then(std::move(e));
  }

  /// Locked.
  void arm(rate_limiter::time at) {
    const auto next = core.next_settle(at);
    if (!next)
      return;
    if (armed_at && *armed_at > at && *armed_at <= *next)
      return;
    armed_at = *next;
    const auto wait = std::chrono::ceil<milliseconds>(*next - at);
    clock.start(wait, [weak = weak_from_this()] {
      if (const auto self = weak.lock()) {
        {
          const std::lock_guard lock{self->mutex};
          self->armed_at.reset();
        }
        self->settle();
      }
    });
  }

  const std::string endpoint;
  const limiter_reports reports;
  mutable std::mutex mutex;
  rate_limiter core;
  std::unordered_map<std::uint64_t, std::function<void(refusal)>> waiting;
  std::optional<rate_limiter::time> armed_at;
  timer clock;
};

host_limiter::host_limiter(std::string endpoint, rate_limit limit, limiter_reports reports, std::uint64_t seed)
    : impl_(std::make_shared<impl>(std::move(endpoint), limit, std::move(reports), seed)) {}

host_limiter::~host_limiter() {
  impl_->clock.stop();
}

std::uint64_t host_limiter::acquire(purpose p, std::function<void(refusal)> then) {
  std::uint64_t ticket = 0;
  {
    const std::lock_guard lock{impl_->mutex};
    ticket = impl_->core.ask(p, now());
    impl_->waiting.emplace(ticket, std::move(then));
  }
  impl_->settle();
  return ticket;
}

void host_limiter::cancel(std::uint64_t ticket) {
  const std::lock_guard lock{impl_->mutex};
  if (impl_->waiting.erase(ticket) > 0)
    impl_->core.cancel(ticket);
}

void host_limiter::answered(const limit_signal& signal) {
  milliseconds pause{0};
  std::uint32_t limit = 0;
  {
    const std::lock_guard lock{impl_->mutex};
    const auto at = now();
    impl_->core.answered(at, signal);
    pause = impl_->core.pause_left(at);
    limit = impl_->core.limit();
  }
  const bool refused = signal.status == 429 || signal.status == 503;
  if (refused && impl_->reports.refused_by_server)
    impl_->reports.refused_by_server(signal.status);
  if (impl_->reports.changed)
    impl_->reports.changed(pause, limit);
  impl_->settle();
}

std::optional<milliseconds> host_limiter::try_once(purpose p) {
  std::optional<milliseconds> wait;
  {
    const std::lock_guard lock{impl_->mutex};
    const auto at = now();
    wait = impl_->core.try_take(p, at);
    if (!wait)
      impl_->core.answered(at, {});
  }
  if (impl_->reports.permitted)
    impl_->reports.permitted(p, wait ? limiter_reports::permit::refused : limiter_reports::permit::granted);
  return wait;
}

bool host_limiter::has_spare() const {
  const std::lock_guard lock{impl_->mutex};
  return impl_->core.has_spare(now());
}

std::uint32_t host_limiter::limit() const {
  const std::lock_guard lock{impl_->mutex};
  return impl_->core.limit();
}

// ---- One a host ----

std::optional<std::string> host_and_port(const std::string& url) {
  const auto scheme_end = url.find("://");
  if (scheme_end == std::string::npos)
    return std::nullopt;
  auto lower = url;
  std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  const auto scheme = lower.substr(0, scheme_end);
  auto authority = lower.substr(scheme_end + 3);
  authority = authority.substr(0, authority.find_first_of("/?#"));
  if (const auto user = authority.rfind('@'); user != std::string::npos)
    authority.erase(0, user + 1);
  const auto bracket = authority.rfind(']');
  const auto colon = authority.find(':', bracket == std::string::npos ? 0 : bracket);
  auto host = authority.substr(0, colon);
  auto port = colon == std::string::npos ? std::string{} : authority.substr(colon + 1);
  if (host.ends_with('.'))
    host.pop_back();
  if (host.empty())
    return std::nullopt;
  if (host == "localhost" || host == "[::1]")
    host = "127.0.0.1";
  port.erase(0, std::min(port.find_first_not_of('0'), port.size()));
  if (port.empty())
    port = scheme == "https" || scheme == "wss" ? "443" : "80";
  return host + ":" + port;
}

host_limiters::host_limiters(make_reports reports, std::uint64_t seed) : reports_(std::move(reports)), seed_(seed) {}

std::shared_ptr<host_limiter> host_limiters::of(const std::string& url, rate_limit limit) {
  const auto name = host_and_port(url).value_or("unknown");
  const std::lock_guard lock{mutex_};
  auto& known = known_[name];
  if (!known)
    known = std::make_shared<host_limiter>(name, limit, reports_ ? reports_(name) : limiter_reports{},
                                           seed_ + known_.size());
  return known;
}

}  // namespace landfall::net
