#include "common/net/sse_client.hpp"

#include <cpprest/http_client.h>

#include <atomic>
#include <chrono>
#include <utility>

#include "common/net/delivery.hpp"
#include "common/net/http_failure.hpp"
#include "common/net/pool.hpp"
#include "common/net/sink_buffer.hpp"

namespace landfall::net {
namespace {

using steady = std::chrono::steady_clock;

/// The library's own timeout; ours are the ones that count.
constexpr std::chrono::hours library_timeout{24 * 365};

}  // namespace

struct sse_connection::impl : std::enable_shared_from_this<impl> {
  std::string url;
  sse_options options;
  sse_handlers handlers;
  delivery gate{delivery::mode::one_at_a_time};
  sse_parser parser;
  std::string early;  ///< what came before the headers were reported; only inside the gate
  bool opened = false;
  std::atomic<bool> over{false};
  std::atomic<steady::time_point> heard{steady::now()};
  timer opening;
  timer silence;
  pplx::cancellation_token_source abort;

  impl(std::string u, sse_options o, sse_handlers h)
      : url(std::move(u)), options(std::move(o)), handlers(std::move(h)), parser(options.max_event_bytes) {}

  void start() {
    opening.start(std::chrono::milliseconds{options.open_timeout_ms}, [self = weak_from_this()] {
      if (const auto s = self.lock())
        s->end_unopened();
    });
    try {
      request();
    } catch (...) {
      auto message = without_address(describe_failure(std::current_exception(), url));
      post([self = shared_from_this(), message = std::move(message)] {
        self->end({stream_end::unreachable, message});
      });
    }
  }

  void request() {
    web::http::client::http_client_config config;
    config.set_timeout(library_timeout);
    const web::uri address{url};
    web::http::client::http_client client{address.authority(), config};
    web::http::http_request get{web::http::methods::GET};
    get.set_request_uri(address.resource());
    get.headers().add("Accept", "text/event-stream");
    get.headers().add("Cache-Control", "no-cache");
    for (const auto& [name, value] : options.headers) {
      get.headers().remove(name);
      get.headers().add(name, value);
    }
    get.set_response_stream(sink_buffer::stream([self = weak_from_this()](std::string_view bytes) {
      const auto s = self.lock();
      return s && s->receive(bytes);
    }));
    client.request(get, abort.get_token())
        .then([self = shared_from_this()](const pplx::task<web::http::http_response>& headers) {
          try {
            self->open(headers.get());
          } catch (...) {
            self->end(
                {stream_end::unreachable, without_address(describe_failure(std::current_exception(), self->url))});
          }
        });
  }

  void open(const web::http::http_response& headers) {
    if (headers.status_code() != web::http::status_codes::OK ||
        !headers.headers().content_type().starts_with("text/event-stream")) {
      end({stream_end::refused, "answered " + std::to_string(headers.status_code()) + " instead of a stream"});
      return;
    }
    opening.stop();
    heard = steady::now();
    watch(std::chrono::milliseconds{options.silence_timeout_ms});
    gate.run([&] {
      opened = true;
      if (handlers.on_open)
        handlers.on_open();
      parse(std::exchange(early, {}));
    });
    if (over)
      end({stream_end::too_large, "an event is over its bound"});
    // Only now, or the end of a short stream would overtake its beginning.
    headers.content_ready().then([self = shared_from_this()](const pplx::task<web::http::http_response>& whole) {
      try {
        whole.get();
        self->end({stream_end::closed, "the stream ended"});
      } catch (...) {
        const auto error = describe_failure(std::current_exception(), self->url);
        self->end({self->over ? stream_end::too_large : stream_end::broken, without_address(error)});
      }
    });
  }

  /// Inside the gate.
  void parse(std::string_view bytes) {
    const bool fits = parser.feed(bytes, [&](sse_event event) {
      if (!gate.closed() && handlers.on_event)
        handlers.on_event(std::move(event));
    });
    if (!fits)
      over = true;
  }

  bool receive(std::string_view bytes) {
    heard = steady::now();
    const bool alive = gate.run([&] {
      if (opened) {
        parse(bytes);
        return;
      }
      early += bytes;
      if (early.size() > options.max_event_bytes)
        over = true;
    });
    if (over)
      end({stream_end::too_large, "an event is over its bound"});
    return alive && !over;
  }

  void watch(std::chrono::milliseconds after) {
    if (options.silence_timeout_ms == 0)
      return;
    silence.start(after, [self = weak_from_this()] {
      if (const auto s = self.lock())
        s->check_silence();
    });
  }

  void check_silence() {
    const std::chrono::milliseconds bound{options.silence_timeout_ms};
    const auto quiet = std::chrono::duration_cast<std::chrono::milliseconds>(steady::now() - heard.load());
    if (quiet >= bound)
      end({stream_end::silent, "nothing came for " + std::to_string(options.silence_timeout_ms) + " ms"});
    else if (!gate.closed())
      watch(bound - quiet);
  }

  void end_unopened() {
    end({stream_end::unreachable, "not open within " + std::to_string(options.open_timeout_ms) + " ms"});
  }

  void end(const stream_close& why) {
    gate.run_last([&] {
      if (handlers.on_close)
        handlers.on_close(why);
    });
    release();
  }

  void release() {
    opening.stop();
    silence.stop();
    abort.cancel();
  }
};

sse_connection::sse_connection(std::string url, sse_options options, sse_handlers handlers)
    : impl_(std::make_shared<impl>(std::move(url), std::move(options), std::move(handlers))) {
  impl_->start();
}

sse_connection::~sse_connection() {
  if (!impl_->gate.close())
    impl_->handlers = {};
  impl_->release();
}

}  // namespace landfall::net
