// Built as C++17: the library is no valid C++20.
#include "echo_server.hpp"

#include <websocketpp/config/asio_no_tls.hpp>
#include <websocketpp/server.hpp>

#include <condition_variable>
#include <mutex>
#include <thread>

namespace landfall::net::test {

struct echo_server::impl {
  using server = websocketpp::server<websocketpp::config::asio>;
  using handle = websocketpp::connection_hdl;

  server library;
  int port = 0;
  std::mutex mutex;
  std::condition_variable pinged;
  int pings = 0;
  std::thread thread;

  explicit impl(bool pongs) {
    library.clear_access_channels(websocketpp::log::alevel::all);
    library.clear_error_channels(websocketpp::log::elevel::all);
    library.init_asio();
    library.set_reuse_addr(true);
    library.set_ping_handler([this, pongs](const handle&, const std::string&) {
      const std::lock_guard lock{mutex};
      ++pings;
      pinged.notify_all();
      return pongs;
    });
    library.set_message_handler(
        [this](const handle& from, const server::message_ptr& message) { answer(from, message->get_payload()); });
    using websocketpp::lib::asio::ip::address_v4;
    library.listen(websocketpp::lib::asio::ip::tcp::endpoint{address_v4::loopback(), 0});
    websocketpp::lib::asio::error_code ignored;
    port = library.get_local_endpoint(ignored).port();
    library.start_accept();
    thread = std::thread{[this] { library.run(); }};
  }
  ~impl() {
    library.stop();
    thread.join();
  }

  void answer(const handle& from, const std::string& text) {
    websocketpp::lib::error_code ignored;
    if (text == "bye")
      library.close(from, websocketpp::close::status::going_away, "bye", ignored);
    else if (text == "vanish")
      library.get_con_from_hdl(from)->get_raw_socket().close();
    else if (text.rfind("big ", 0) == 0)
      library.send(from, std::string(std::stoul(text.substr(4)), 'x'), websocketpp::frame::opcode::text, ignored);
    else
      library.send(from, text, websocketpp::frame::opcode::text, ignored);
  }
};

echo_server::echo_server(bool pongs) : impl_(std::make_unique<impl>(pongs)) {}
echo_server::~echo_server() = default;

std::string echo_server::url() const {
  return "ws://127.0.0.1:" + std::to_string(impl_->port) + "/ws?x=1";
}

bool echo_server::wait_for_pings(int count, std::chrono::seconds at_most) const {
  std::unique_lock lock{impl_->mutex};
  return impl_->pinged.wait_for(lock, at_most, [&] { return impl_->pings >= count; });
}

}  // namespace landfall::net::test
