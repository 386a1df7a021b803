#include "common/net/http_server.hpp"

#include <cpprest/http_listener.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cctype>
#include <condition_variable>
#include <mutex>
#include <unordered_set>
#include <utility>
#include <vector>

#include "common/domain/parse_number.hpp"
#include "common/net/http_routes.hpp"
#include "common/net/listening_socket.hpp"
#include "common/net/pool.hpp"

namespace landfall::net {
namespace {

using library_listener = web::http::experimental::listener::http_listener;
using library_request = web::http::http_request;
using steady = std::chrono::steady_clock;

/// A body over its bound is read on for this long, so that the client gets to see the 413; then the connection is cut.
constexpr std::size_t overrun_bytes = 1024 * 1024;
constexpr std::size_t read_bytes = 16 * 1024;
/// What answers that were given at the last moment have to be written.
constexpr std::chrono::seconds last_writes{1};

std::string lower_case(std::string_view text) {
  std::string out{text};
  std::ranges::transform(out, out.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

/// What the library answers the framing of a body with: nothing, a length, or chunks.
struct framing {
  bool valid = true;
  bool chunked = false;
  std::size_t length = 0;
};

framing framing_of(const library_request& request) {
  framing out;
  const auto& headers = request.headers();
  if (const auto it = headers.find("Content-Length"); it != headers.end()) {
    const auto length = domain::parse_number<std::size_t>(it->second);
    out.valid = length.has_value();
    out.length = length.value_or(0);
  }
  if (const auto it = headers.find("Transfer-Encoding"); it != headers.end()) {
    out.chunked = true;
    out.valid = lower_case(it->second) == "chunked" && !headers.has("Content-Length");
  }
  return out;
}

}  // namespace

struct http_server::impl : std::enable_shared_from_this<impl> {
  /// One request from its headers to the last byte of its answer.
  struct exchange {
    std::weak_ptr<impl> server;
    library_request request;
    http_server_request seen;
    steady::time_point began = steady::now();
    std::atomic<bool> answered{false};
    std::atomic<bool> body_over{false};
    timer deadline;
    const http_route* route = nullptr;
    std::array<std::uint8_t, read_bytes> piece{};
    std::size_t received = 0;
    bool too_large = false;
  };
  using exchange_pointer = std::shared_ptr<exchange>;

  std::string address;
  int port;
  http_server_options options;
  http_routes routes;
  std::unique_ptr<library_listener> listener;

  std::mutex mutex;
  std::condition_variable changed;
  std::unordered_set<exchange_pointer> under_way;
  std::size_t calls_running = 0;  ///< of handlers and of `on_request`
  bool draining = false;
  bool closed = false;

  impl(std::string a, int p, http_server_options o) : address(std::move(a)), port(p), options(std::move(o)) {}

  void report(const std::string& what) const noexcept {
    try {
      if (options.on_error)
        options.on_error(what);
    } catch (...) {
      // A log that throws must not take the server down.
    }
  }

  // --- a request comes in ---

  void accept(const library_request& request) {
    const auto x = std::make_shared<exchange>();
    x->server = weak_from_this();
    x->request = request;
    x->seen.method = request.method();
    if (!enlist(x))
      return;
    try {
      consider(x);
    } catch (const std::exception& e) {
      report(std::string{"a request could not be taken: "} + e.what());
      refuse_unread(x, error_response(500, "Internal server error"));
    }
  }

  bool enlist(const exchange_pointer& x) {
    {
      const std::lock_guard lock{mutex};
      const bool full = draining || under_way.size() >= options.max_in_flight;
      under_way.insert(x);
      if (!full)
        return true;
    }
    auto busy = error_response(503, "Too busy, try again");
    busy.headers["Retry-After"] = "1";
    refuse_unread(x, std::move(busy));
    return false;
  }

  void consider(const exchange_pointer& x) {
    const auto frame = framing_of(x->request);
    if (!frame.valid)
      return refuse_unread(x, error_response(400, "Bad request"));
    if (!frame.chunked && frame.length > options.max_body_bytes) {
      if (frame.length > options.max_body_bytes + overrun_bytes)
        return refuse_unread(x, error_response(413, "Request body too large"));
      x->too_large = true;
    }
    if (!describe(*x))
      return refuse(x, error_response(400, "Bad request"), frame);
    if (!choose_route(*x)) {
      auto answer = error_response(404, "Not found");
      if (const auto allowed = routes.methods_of(path_segments(x->request.request_uri().path())); !allowed.empty()) {
        answer = error_response(405, "Method not allowed");
        answer.headers["Allow"] = allowed;
      }
      return refuse(x, std::move(answer), frame);
    }
    if (!frame.chunked && frame.length == 0)
      return handle(x);
    x->deadline.start(std::chrono::milliseconds{options.body_timeout_ms}, [self = weak_from_this(), x] {
      if (const auto s = self.lock(); s && !x->body_over)
        s->refuse_unread(x, error_response(408, "Request body took too long"));
    });
    read_body(x);
  }

  static bool describe(exchange& x) {
    const auto& uri = x.request.request_uri();
    const auto path = percent_decode(uri.path(), false);
    if (!path)
      return false;
    x.seen.path = *path;
    auto query = parse_query(uri.query());
    if (!query)
      return false;
    x.seen.query = *std::move(query);
    for (const auto& [name, value] : x.request.headers())
      x.seen.headers[lower_case(name)] = value;
    x.seen.remote_address = x.request.remote_address();
    return true;
  }

  bool choose_route(exchange& x) const {
    const auto path = path_segments(x.request.request_uri().path());
    x.route = routes.find(x.seen.method, path);
    if (x.route == nullptr)
      return false;
    x.seen.route = x.route->pattern;
    x.seen.path_params = x.route->params_of(path);
    return true;
  }

  // --- its body ---

  void read_body(const exchange_pointer& x) {
    x->request.body()
        .streambuf()
        .getn(x->piece.data(), x->piece.size())
        .then([self = shared_from_this(), x](const pplx::task<size_t>& read) {
          try {
            self->take_piece(x, read.get());
          } catch (const std::exception&) {
            self->refuse_unread(x, error_response(400, "Request body broke off"));
          }
        });
  }

  void take_piece(const exchange_pointer& x, std::size_t count) {
    if (count == 0)
      return body_ended(x);
    x->received += count;
    if (x->received > options.max_body_bytes) {
      x->too_large = true;
      x->seen.body.clear();
      if (x->received > options.max_body_bytes + overrun_bytes)
        return refuse_unread(x, error_response(413, "Request body too large"));
    }
    if (!x->too_large)
      x->seen.body.append(reinterpret_cast<const char*>(x->piece.data()), count);
    if (!x->answered)
      read_body(x);
  }

  void body_ended(const exchange_pointer& x) {
    // A body that breaks off ends its stream like a whole one; the difference shows here.
    x->request.content_ready().then([self = shared_from_this(), x](const pplx::task<library_request>& whole) {
      try {
        whole.get();
      } catch (const std::exception&) {
        return self->refuse_unread(x, error_response(400, "Request body broke off"));
      }
      x->body_over = true;
      x->deadline.stop();
      if (x->too_large)
        self->answer(x, error_response(413, "Request body too large"));
      else
        self->handle(x);
    });
  }

  // --- its handler ---

  /// Answers once the last copy of it is gone, if nobody did before.
  struct reply_guard {
    exchange_pointer x;
    explicit reply_guard(exchange_pointer e) : x(std::move(e)) {}
    reply_guard(const reply_guard&) = delete;
    reply_guard& operator=(const reply_guard&) = delete;
    ~reply_guard() {
      const auto s = x->server.lock();
      if (!s || x->answered)
        return;
      s->report(x->seen.method + " " + x->seen.route + ": dropped unanswered");
      s->answer(x, error_response(500, "Internal server error"));
    }
  };

  void handle(const exchange_pointer& x) {
    {
      const std::lock_guard lock{mutex};
      if (x->answered)
        return;
      ++calls_running;
    }
    x->body_over = true;
    x->deadline.start(std::chrono::milliseconds{options.reply_timeout_ms}, [self = weak_from_this(), x] {
      if (const auto s = self.lock())
        s->answer(x, error_response(504, "No answer in time"));
    });
    const auto guard = std::make_shared<reply_guard>(x);
    try {
      x->route->handler(x->seen, [guard](http_server_response response) {
        if (const auto s = guard->x->server.lock())
          s->answer(guard->x, std::move(response));
      });
    } catch (const std::exception& e) {
      failed(x, e.what());
    } catch (...) {
      failed(x, "an exception of no known type");
    }
    const std::lock_guard lock{mutex};
    --calls_running;
    changed.notify_all();
  }

  void failed(const exchange_pointer& x, std::string_view what) {
    report(x->seen.method + " " + x->seen.route + ": " + std::string{what});
    answer(x, error_response(500, "Internal server error"));
  }

  // --- its answer ---

  /// For a body that is there in full or was declared short enough to be awaited.
  void refuse(const exchange_pointer& x, http_server_response response, const framing& frame) {
    if (frame.chunked)
      refuse_unread(x, std::move(response));
    else
      answer(x, std::move(response));
  }

  /// Answers without waiting for the body and ends the connection: the library would read on, to whatever length.
  void refuse_unread(const exchange_pointer& x, http_server_response response) {
    response.headers["Connection"] = "close";
    if (!answer(x, std::move(response)))
      return;
    x->request._get_impl()->_complete(0, std::make_exception_ptr(std::runtime_error("refused")));
  }

  bool answer(const exchange_pointer& x, http_server_response response) {
    if (x->answered.exchange(true))
      return false;
    x->deadline.stop();
    web::http::http_response out{static_cast<web::http::status_code>(response.status)};
    out.set_body(std::move(response.body), response.content_type);
    for (const auto& [name, value] : response.headers) {
      out.headers().remove(name);
      out.headers().add(name, value);
    }
    const auto status = response.status;
    try {
      x->request.reply(out).then([self = shared_from_this(), x, status](const pplx::task<void>& written) {
        try {
          written.get();
        } catch (const std::exception&) {
          // The client went away.
        }
        self->finish(x, status);
      });
    } catch (const std::exception&) {
      // The library answered first: it lost the connection or is closing.
      finish(x, status);
    }
    return true;
  }

  void finish(const exchange_pointer& x, int status) {
    {
      const std::lock_guard lock{mutex};
      if (closed) {
        under_way.erase(x);
        return;
      }
      ++calls_running;
    }
    try {
      if (options.on_request)
        options.on_request(x->seen.method, x->seen.route, status,
                           std::chrono::duration_cast<std::chrono::microseconds>(steady::now() - x->began));
    } catch (const std::exception& e) {
      report(e.what());
    }
    const std::lock_guard lock{mutex};
    --calls_running;
    under_way.erase(x);
    changed.notify_all();
  }

  // --- opening and closing ---

  domain::result<domain::done, std::string> open() {
    const bool v6 = address.find(':') != std::string::npos;
    const auto base = "http://" + (v6 ? "[" + address + "]" : address) + ":" + std::to_string(port) + "/";
    try {
      {
        const std::lock_guard lock{mutex};
        draining = false;
        closed = false;
      }
      listener = std::make_unique<library_listener>(web::uri(base));
      listener->support([self = weak_from_this()](const library_request& request) {
        if (const auto s = self.lock())
          s->accept(request);
      });
      listener->open().wait();
    } catch (const std::exception& e) {
      listener.reset();
      return domain::failure{"cannot listen on " + address + ":" + std::to_string(port) + ": " + e.what()};
    }
    return domain::done{};
  }

  std::size_t close(std::chrono::milliseconds drain) {
    std::vector<exchange_pointer> left;
    {
      std::unique_lock lock{mutex};
      draining = true;
      changed.wait_for(lock, drain, [&] { return under_way.empty(); });
      left.assign(under_way.begin(), under_way.end());
    }
    std::size_t cut = 0;
    for (const auto& x : left) {
      if (!x->answered) {
        ++cut;
        refuse_unread(x, error_response(503, "Shutting down"));
      }
    }
    deafen_listener(port);
    {
      std::unique_lock lock{mutex};
      changed.wait_for(lock, last_writes, [&] { return under_way.empty(); });
    }
    try {
      if (listener)
        listener->close().wait();
    } catch (const std::exception& e) {
      report(std::string{"closing: "} + e.what());
    }
    listener.reset();
    std::unique_lock lock{mutex};
    closed = true;
    changed.wait(lock, [&] { return calls_running == 0; });
    return cut;
  }
};

http_server::http_server(std::string address, int port, http_server_options options)
    : impl_(std::make_shared<impl>(std::move(address), port, std::move(options))) {}

http_server::~http_server() {
  close(std::chrono::milliseconds{0});
}

void http_server::route(std::string method, std::string_view pattern, http_handler handler) {
  impl_->routes.add(std::move(method), pattern, std::move(handler));
}

domain::result<domain::done, std::string> http_server::open() {
  return impl_->open();
}

std::size_t http_server::close(std::chrono::milliseconds drain) {
  return impl_->listener ? impl_->close(drain) : 0;
}

}  // namespace landfall::net
