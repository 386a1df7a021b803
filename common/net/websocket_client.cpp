#include "common/net/websocket_client.hpp"

#include <cpprest/ws_client.h>

#include <atomic>
#include <chrono>
#include <mutex>
#include <optional>
#include <utility>

#include "common/net/delivery.hpp"
#include "common/net/pool.hpp"

namespace landfall::net {
namespace {

namespace ws = web::websockets::client;
using steady = std::chrono::steady_clock;
using library_client = ws::websocket_callback_client;

void swallow(const pplx::task<void>& task) {
  try {
    task.get();
  } catch (const std::exception&) {
    // Whoever has to know learns of it through the close handler.
  }
}

/// Ends a client without blocking: its destructor waits for the peer, on whichever thread drops the last reference, so
/// that is done only when there is nothing left to wait for.
void retire(const std::shared_ptr<library_client>& client, const pplx::task<void>& connected) {
  connected.then([client](const pplx::task<void>& opened) {
    swallow(opened);
    client->close().then([client](const pplx::task<void>& closed) { swallow(closed); });
  });
}

bool is_data(ws::websocket_message_type type) {
  return type == ws::websocket_message_type::text_message || type == ws::websocket_message_type::binary_message;
}

}  // namespace

struct websocket_connection::impl : std::enable_shared_from_this<impl> {
  std::string url;
  websocket_options options;
  websocket_handlers handlers;
  delivery gate{delivery::mode::one_at_a_time};
  bool opened = false;                      ///< only inside the gate
  std::optional<stream_close> early_close;  ///< came before the news of the opening; only inside the gate
  std::atomic<bool> usable{false};
  std::atomic<std::size_t> unsent{0};
  std::atomic<steady::time_point> heard{steady::now()};
  timer opening;
  timer pinging;
  timer silence;

  std::mutex mutex;
  std::shared_ptr<library_client> client;  ///< until retired
  pplx::task<void> connected;

  impl(std::string u, websocket_options o, websocket_handlers h)
      : url(std::move(u)), options(std::move(o)), handlers(std::move(h)) {}

  void start() {
    opening.start(std::chrono::milliseconds{options.open_timeout_ms}, [self = weak_from_this()] {
      if (const auto s = self.lock())
        s->end({stream_end::unreachable, "not open within " + std::to_string(s->options.open_timeout_ms) + " ms"});
    });
    try {
      connect();
    } catch (const std::exception& e) {
      post([self = shared_from_this(), message = std::string{e.what()}] {
        self->end({stream_end::unreachable, message});
      });
    }
  }

  void connect() {
    ws::websocket_client_config config;
    for (const auto& [name, value] : options.headers)
      config.headers().add(name, value);
    auto fresh = std::make_shared<library_client>(config);
    fresh->set_message_handler([self = weak_from_this()](const ws::websocket_incoming_message& message) {
      if (const auto s = self.lock())
        s->receive(message);
    });
    fresh->set_close_handler([self = weak_from_this()](ws::websocket_close_status status, const std::string& reason,
                                                       const std::error_code& ec) {
      if (const auto s = self.lock())
        s->closed_by_library(status, reason, ec);
    });
    auto task = fresh->connect(web::uri(url));
    {
      const std::lock_guard lock{mutex};
      client = fresh;
      connected = task;
    }
    task.then([self = shared_from_this()](const pplx::task<void>& t) { self->connect_ended(t); });
  }

  void connect_ended(const pplx::task<void>& task) {
    try {
      task.get();
    } catch (const std::exception& e) {
      const std::string what = e.what();
      const bool answered = what.find("HTTP status") != std::string::npos;
      end({answered ? stream_end::refused : stream_end::unreachable, what});
      return;
    }
    heard = steady::now();
    std::optional<stream_close> over_already;
    gate.run([&] {
      open_once();
      over_already = early_close;
    });
    if (over_already) {
      end(*over_already);
      return;
    }
    keep_pinging();
    watch(std::chrono::milliseconds{options.silence_timeout_ms});
  }

  /// Inside the gate. A message may overtake the news that the connection is open.
  void open_once() {
    if (std::exchange(opened, true))
      return;
    opening.stop();
    usable = true;
    if (handlers.on_open)
      handlers.on_open();
  }

  void receive(const ws::websocket_incoming_message& message) {
    heard = steady::now();
    if (!is_data(message.message_type()))
      return;
    const std::string text = read(message);
    if (text.size() > options.max_message_bytes) {
      end({stream_end::too_large, "a message of " + std::to_string(text.size()) + " bytes"});
      return;
    }
    gate.run([&] {
      open_once();
      if (!gate.closed() && handlers.on_message)
        handlers.on_message(text);
    });
  }

  static std::string read(const ws::websocket_incoming_message& message) {
    concurrency::streams::container_buffer<std::string> all;
    message.body().read_to_end(all).get();
    return std::move(all.collection());
  }

  void closed_by_library(ws::websocket_close_status status, const std::string& reason, const std::error_code& ec) {
    const bool by_agreement =
        status != ws::websocket_close_status::abnormal_close && status != ws::websocket_close_status::server_terminate;
    const stream_close why{by_agreement ? stream_end::closed : stream_end::broken,
                           "closed with " + std::to_string(static_cast<int>(status)) +
                               (reason.empty() ? "" : " " + reason) + (ec ? " (" + ec.message() + ")" : std::string{})};
    bool was_open = false;
    gate.run([&] {
      was_open = opened;
      early_close = why;
    });
    if (was_open)
      end(why);  // otherwise the connect task does
  }

  bool submit(ws::websocket_outgoing_message message) {
    std::shared_ptr<library_client> current;
    {
      const std::lock_guard lock{mutex};
      current = client;
    }
    if (!current || !usable)
      return false;
    if (unsent.fetch_add(1) >= options.max_unsent_messages) {
      unsent.fetch_sub(1);
      return false;
    }
    current->send(std::move(message)).then([self = shared_from_this()](const pplx::task<void>& sent) {
      self->unsent.fetch_sub(1);
      swallow(sent);
    });
    return true;
  }

  void keep_pinging() {
    if (options.ping_interval_ms == 0 || gate.closed())
      return;
    pinging.start(std::chrono::milliseconds{options.ping_interval_ms}, [self = weak_from_this()] {
      const auto s = self.lock();
      if (!s)
        return;
      ws::websocket_outgoing_message ping;
      ping.set_ping_message("landfall");
      s->submit(std::move(ping));
      s->keep_pinging();
    });
  }

  void watch(std::chrono::milliseconds after) {
    if (options.silence_timeout_ms == 0 || gate.closed())
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
    else
      watch(bound - quiet);
  }

  void end(const stream_close& why) {
    usable = false;
    gate.run_last([&] {
      if (handlers.on_close)
        handlers.on_close(why);
    });
    release();
  }

  void release() {
    usable = false;
    opening.stop();
    pinging.stop();
    silence.stop();
    std::shared_ptr<library_client> old;
    pplx::task<void> task;
    {
      const std::lock_guard lock{mutex};
      old = std::exchange(client, nullptr);
      task = connected;
    }
    if (old)
      retire(old, task);
  }
};

websocket_connection::websocket_connection(std::string url, websocket_options options, websocket_handlers handlers)
    : impl_(std::make_shared<impl>(std::move(url), std::move(options), std::move(handlers))) {
  impl_->start();
}

websocket_connection::~websocket_connection() {
  if (!impl_->gate.close())
    impl_->handlers = {};
  impl_->release();
}

bool websocket_connection::send(std::string text) {
  if (text.empty())
    return false;
  ws::websocket_outgoing_message message;
  message.set_utf8_message(std::move(text));
  return impl_->submit(std::move(message));
}

}  // namespace landfall::net
