#include "common/net/http_client.hpp"

#include <cpprest/http_client.h>

#include <algorithm>
#include <atomic>
#include <cctype>
#include <chrono>
#include <mutex>
#include <optional>
#include <unordered_set>
#include <utility>

#include "common/net/delivery.hpp"
#include "common/net/http_failure.hpp"
#include "common/net/pool.hpp"
#include "common/net/sink_buffer.hpp"

namespace landfall::net {
namespace {

using library_client = web::http::client::http_client;

/// The library's own timeout begins anew with every piece that arrives; ours is the one that counts.
constexpr std::chrono::hours library_timeout{1};

std::string lower_case(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

web::http::client::http_client_config library_config(const http_client_options& options) {
  web::http::client::http_client_config config;
  config.set_timeout(library_timeout);
  config.set_max_redirects(0);
  config.set_validate_certificates(options.verify_tls);
  return config;
}

/// Bytes of an answer, up to a bound.
struct body_sink {
  std::mutex mutex;
  std::string bytes;
  std::size_t bound = 0;
  bool overflowed = false;

  bool put(std::string_view more) {
    const std::lock_guard lock{mutex};
    overflowed = overflowed || more.size() > bound - bytes.size();
    if (!overflowed)
      bytes += more;
    return !overflowed;
  }
};

/// One request under way. Whoever claims it first answers it.
struct call {
  std::function<void(http_result)> done;
  std::string url;
  http_request request;
  bool own_connection = false;  ///< opened for this request alone
  std::atomic<bool> claimed{false};
  timer deadline;
  pplx::cancellation_token_source abort;
  std::shared_ptr<body_sink> sink = std::make_shared<body_sink>();
  std::shared_ptr<library_client> client;

  bool claim() {
    return !claimed.exchange(true);
  }
};

/// The connection ended before all of the request was written. The library sends again over a kept connection that
/// turns out closed when the answer is read, but not when it does so while the request is still being written.
bool was_not_written(const std::exception_ptr& thrown) {
  try {
    std::rethrow_exception(thrown);
  } catch (const web::http::http_exception& e) {
    return std::string_view{e.what()}.starts_with("Failed to write request");
  } catch (...) {
    return false;
  }
}

std::optional<std::size_t> declared_length(const web::http::http_response& response) {
  std::size_t length = 0;
  if (response.headers().match(web::http::header_names::content_length, length))
    return length;
  return std::nullopt;
}

}  // namespace

struct http_client::impl : std::enable_shared_from_this<impl> {
  std::string base_url;
  http_client_options options;
  std::shared_ptr<library_client> client;
  std::optional<net_error> unusable;
  delivery gate{delivery::mode::concurrent};
  std::mutex mutex;
  std::unordered_set<std::shared_ptr<call>> calls;

  impl(std::string url, http_client_options o) : base_url(std::move(url)), options(o) {
    try {
      client = std::make_shared<library_client>(web::uri(base_url), library_config(options));
    } catch (const std::exception& e) {
      unusable = net_error{net_error::kind::unreachable, base_url + " is not a URL: " + e.what(), "not a URL"};
    }
  }

  bool enlist(const std::shared_ptr<call>& c) {
    const std::lock_guard lock{mutex};
    return calls.size() < options.max_in_flight && calls.insert(c).second;
  }

  void answer(const std::shared_ptr<call>& c, http_result result) {
    c->deadline.stop();
    {
      const std::lock_guard lock{mutex};
      calls.erase(c);
    }
    const auto done = std::exchange(c->done, nullptr);
    done(std::move(result));
  }

  void finish(const std::shared_ptr<call>& c, http_result result) {
    gate.run([&] {
      if (c->claim())
        answer(c, std::move(result));
    });
  }

  void fail(const std::shared_ptr<call>& c, net_error error) {
    finish(c, domain::failure{std::move(error)});
    c->abort.cancel();
  }

  void fail_later(const std::shared_ptr<call>& c, net_error error) {
    post([self = shared_from_this(), c, error = std::move(error)] { self->fail(c, error); });
  }

  void begin(const std::shared_ptr<call>& c) {
    c->deadline.start(std::chrono::milliseconds{c->request.timeout_ms},
                      [self = weak_from_this(), c = std::weak_ptr{c}, ms = c->request.timeout_ms] {
                        const auto s = self.lock();
                        const auto locked = c.lock();
                        if (s && locked)
                          s->fail(locked, failed_at(locked->url, net_error::kind::timeout,
                                                    "no full answer within " + std::to_string(ms) + " ms"));
                      });
    start(c, c->request.send_at_most_once);
  }

  void start(const std::shared_ptr<call>& c, bool own_connection) {
    try {
      c->own_connection = own_connection;
      c->client =
          own_connection ? std::make_shared<library_client>(web::uri(base_url), library_config(options)) : client;
      send(library_request(*c), c);
    } catch (...) {
      fail_later(c, describe_failure(std::current_exception(), c->url));
    }
  }

  static web::http::http_request library_request(const call& c) {
    const auto& request = c.request;
    web::http::http_request out{request.method};
    out.set_request_uri(web::uri(request.path_and_query));
    if (!request.body.empty())
      out.set_body(request.body, "application/json");
    for (const auto& [name, value] : request.headers) {
      out.headers().remove(name);
      out.headers().add(name, value);
    }
    out.set_response_stream(sink_buffer::stream([sink = c.sink](std::string_view bytes) { return sink->put(bytes); }));
    return out;
  }

  void send(const web::http::http_request& request, const std::shared_ptr<call>& c) {
    c->client->request(request, c->abort.get_token())
        .then([self = shared_from_this(), c](const pplx::task<web::http::http_response>& headers) {
          try {
            self->receive(headers.get(), c);
          } catch (...) {
            const auto thrown = std::current_exception();
            if (was_not_written(thrown) && !c->own_connection && !c->claimed)
              self->start(c, true);
            else
              self->fail(c, describe_failure(thrown, c->url));
          }
        });
  }

  static net_error too_large(const call& c) {
    return failed_at(c.url, net_error::kind::too_large,
                     "the answer is over " + std::to_string(c.sink->bound) + " bytes");
  }

  void receive(const web::http::http_response& headers, const std::shared_ptr<call>& c) {
    headers.content_ready().then([self = shared_from_this(), c](const pplx::task<web::http::http_response>& whole) {
      try {
        self->complete(whole.get(), *c, c);
      } catch (...) {
        const auto error = describe_failure(std::current_exception(), c->url);
        const bool over = [&] {
          const std::lock_guard lock{c->sink->mutex};
          return c->sink->overflowed;
        }();
        self->fail(c, over ? too_large(*c) : error);
      }
    });
    const auto length = declared_length(headers);
    if (length && *length > c->sink->bound && headers.status_code() != web::http::status_codes::NotModified)
      fail(c, too_large(*c));
  }

  void complete(const web::http::http_response& whole, const call& from, const std::shared_ptr<call>& c) {
    http_response out;
    out.status = whole.status_code();
    for (const auto& [name, value] : whole.headers())
      out.headers.emplace(lower_case(name), value);
    {
      const std::lock_guard lock{from.sink->mutex};
      out.body = std::move(from.sink->bytes);
    }
    finish(c, std::move(out));
  }
};

http_client::http_client(std::string base_url, http_client_options options)
    : impl_(std::make_shared<impl>(std::move(base_url), options)) {}

http_client::~http_client() {
  std::unordered_set<std::shared_ptr<call>> left;
  {
    const std::lock_guard lock{impl_->mutex};
    left.swap(impl_->calls);
  }
  for (const auto& c : left) {
    if (c->claim()) {
      impl_->answer(c, domain::failure{failed_at(c->url, net_error::kind::cancelled, "the client was destroyed")});
      c->abort.cancel();
    }
  }
  impl_->gate.close();
}

void http_client::request(http_request request, std::function<void(http_result)> done) {
  const auto c = std::make_shared<call>();
  c->done = std::move(done);
  c->url = impl_->base_url + request.path_and_query.substr(0, request.path_and_query.find('?'));
  c->sink->bound = request.max_response_bytes;
  c->request = std::move(request);
  if (!impl_->enlist(c))
    impl_->fail_later(c, failed_at(c->url, net_error::kind::unreachable, "too many requests are under way"));
  else if (impl_->unusable)
    impl_->fail_later(c, *impl_->unusable);
  else
    impl_->begin(c);
}

const std::string& http_client::base_url() const noexcept {
  return impl_->base_url;
}

}  // namespace landfall::net
