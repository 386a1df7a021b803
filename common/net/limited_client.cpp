#include "common/net/limited_client.hpp"

#include <chrono>
#include <map>
#include <mutex>
#include <utility>

#include "common/net/delivery.hpp"
#include "common/net/limit_signal.hpp"
#include "common/net/pool.hpp"

namespace landfall::net {

struct limited_client::impl : std::enable_shared_from_this<impl> {
  /// A request that waits for its permit. Whoever takes it off the list answers it.
  struct waiting_request {
    http_request request;
    std::function<void(http_result)> done;
    std::uint64_t ticket = 0;
  };

  impl(std::string base_url, http_client_options options, std::shared_ptr<host_limiter> l)
      : limiter(std::move(l)), client(std::make_unique<http_client>(std::move(base_url), options)) {}

  void start(purpose p, http_request request, std::function<void(http_result)> done) {
    std::uint64_t id = 0;
    {
      const std::lock_guard lock{mutex};
      id = ++last_id;
      waiting.emplace(id, waiting_request{std::move(request), std::move(done)});
    }
    const auto ticket = limiter->acquire(p, [weak = weak_from_this(), limits = limiter, id](host_limiter::refusal no) {
      const auto self = weak.lock();
      // Without an owner nothing is sent, and the permit goes back.
      if ((!self || !self->gate.run([&] { self->permitted(id, no); })) && !no)
        limits->answered({});
    });
    const std::lock_guard lock{mutex};
    if (const auto found = waiting.find(id); found != waiting.end())
      found->second.ticket = ticket;
  }

  std::optional<waiting_request> take(std::uint64_t id) {
    const std::lock_guard lock{mutex};
    const auto found = waiting.find(id);
    if (found == waiting.end())
      return std::nullopt;
    auto one = std::move(found->second);
    waiting.erase(found);
    return one;
  }

  void permitted(std::uint64_t id, const host_limiter::refusal& no) {
    if (no) {
      // Never within the caller's own call.
      post([weak = weak_from_this(), id, error = *no] {
        if (const auto self = weak.lock())
          self->gate.run([&] {
            if (const auto one = self->take(id))
              one->done(domain::failure{error});
          });
      });
      return;
    }
    auto one = take(id);
    if (!one)
      return limiter->answered({});
    client->request(std::move(one->request), [limits = limiter, done = std::move(one->done)](http_result answer) {
      limits->answered(limit_signal_of(answer, unix_now_s()));
      done(std::move(answer));
    });
  }

  /// No permit is used any more; what waits ends here.
  void stop() {
    gate.close();
    std::map<std::uint64_t, waiting_request> rest;
    {
      const std::lock_guard lock{mutex};
      rest.swap(waiting);
    }
    for (auto& [id, one] : rest) {
      limiter->cancel(one.ticket);
      one.done(domain::failure{failed_at(client->base_url(), net_error::kind::cancelled, "the client was destroyed")});
    }
    client.reset();
  }

  std::shared_ptr<host_limiter> limiter;
  delivery gate{delivery::mode::concurrent};
  std::mutex mutex;
  std::uint64_t last_id = 0;
  std::map<std::uint64_t, waiting_request> waiting;
  std::unique_ptr<http_client> client;
};

limited_client::limited_client(std::string base_url, http_client_options options, std::shared_ptr<host_limiter> limiter)
    : impl_(std::make_shared<impl>(std::move(base_url), options, std::move(limiter))) {}

limited_client::~limited_client() {
  impl_->stop();
}

void limited_client::request(purpose p, http_request request, std::function<void(http_result)> done) {
  if (impl_->limiter)
    impl_->start(p, std::move(request), std::move(done));
  else
    impl_->client->request(std::move(request), std::move(done));
}

bool limited_client::has_spare() const {
  return !impl_->limiter || impl_->limiter->has_spare();
}

}  // namespace landfall::net
