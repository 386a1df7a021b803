#pragma once

#include <cpprest/astreambuf.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <stdexcept>
#include <string_view>
#include <utility>

namespace landfall::net {

/// A stream buffer that passes what is written to a function as it comes and keeps nothing. The function answers false
/// to refuse, which makes the writer fail.
class sink_buffer final : public concurrency::streams::details::streambuf_state_manager<std::uint8_t> {
public:
  using accept = std::function<bool(std::string_view bytes)>;

  explicit sink_buffer(accept a) : streambuf_state_manager(std::ios_base::out), accept_(std::move(a)) {}

  /// An output stream that writes to `a`.
  static concurrency::streams::ostream stream(accept a) {
    return concurrency::streams::streambuf<std::uint8_t>(std::make_shared<sink_buffer>(std::move(a))).create_ostream();
  }

  bool can_seek() const override {
    return false;
  }
  bool has_size() const override {
    return false;
  }
  size_t in_avail() const override {
    return 0;
  }
  size_t buffer_size(std::ios_base::openmode) const override {
    return 0;
  }
  void set_buffer_size(size_t, std::ios_base::openmode) override {}
  bool acquire(std::uint8_t*&, size_t&) override {
    return false;
  }
  void release(std::uint8_t*, size_t) override {}
  pos_type getpos(std::ios_base::openmode) const override {
    return static_cast<pos_type>(traits::eof());
  }
  pos_type seekpos(pos_type, std::ios_base::openmode) override {
    return static_cast<pos_type>(traits::eof());
  }
  pos_type seekoff(off_type, std::ios_base::seekdir, std::ios_base::openmode) override {
    return static_cast<pos_type>(traits::eof());
  }

protected:
  pplx::task<int_type> _putc(std::uint8_t c) override {
    return _putn(&c, 1).then([c](size_t) { return static_cast<int_type>(c); });
  }
  pplx::task<size_t> _putn(const std::uint8_t* bytes, size_t count) override {
    if (!accept_(std::string_view{reinterpret_cast<const char*>(bytes), count}))
      return pplx::task_from_exception<size_t>(std::runtime_error("over the bound"));
    return pplx::task_from_result<size_t>(count);
  }
  std::uint8_t* _alloc(size_t) override {
    return nullptr;
  }
  void _commit(size_t) override {}
  pplx::task<int_type> _bumpc() override {
    return nothing();
  }
  int_type _sbumpc() override {
    return traits::eof();
  }
  pplx::task<int_type> _getc() override {
    return nothing();
  }
  int_type _sgetc() override {
    return traits::eof();
  }
  pplx::task<int_type> _nextc() override {
    return nothing();
  }
  pplx::task<int_type> _ungetc() override {
    return nothing();
  }
  pplx::task<size_t> _getn(std::uint8_t*, size_t) override {
    return pplx::task_from_result<size_t>(0);
  }
  size_t _scopy(std::uint8_t*, size_t) override {
    return 0;
  }
  pplx::task<bool> _sync() override {
    return pplx::task_from_result(true);
  }

private:
  static pplx::task<int_type> nothing() {
    return pplx::task_from_result<int_type>(traits::eof());
  }
  accept accept_;
};

}  // namespace landfall::net
