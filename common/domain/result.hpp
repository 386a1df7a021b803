#pragma once

#include <concepts>
#include <cstdio>
#include <cstdlib>
#include <type_traits>
#include <utility>
#include <variant>

namespace landfall::domain {

/// Stops the process: a broken invariant is a defect, and going on would be worse than stopping.
[[noreturn]] inline void broken_invariant(const char* what) noexcept {
  std::fputs("broken invariant: ", stderr);
  std::fputs(what, stderr);
  std::fputc('\n', stderr);
  std::abort();
}

/// Marks the error side of a `result`, so that `result<int, int>` is unambiguous.
template <class E>
struct failure {
  E error;
};

template <class E>
failure(E) -> failure<E>;

/// Either a value or an error that has to be handled. Reading the side that is not there stops the process.
template <class T, class E>
class [[nodiscard]] result {
public:
  using value_type = T;
  using error_type = E;

  template <class U = T>
  requires std::constructible_from<T, U&&> &&(!std::same_as<std::remove_cvref_t<U>, result>)result(U&& value)
      : state_(std::in_place_index<0>, std::forward<U>(value)) {}

  template <class F>
  requires std::constructible_from<E, F&&> result(failure<F> f) : state_(std::in_place_index<1>, std::move(f.error)) {}

  [[nodiscard]] bool ok() const noexcept {
    return state_.index() == 0;
  }
  explicit operator bool() const noexcept {
    return ok();
  }

  [[nodiscard]] const T& value() const& {
    if (!ok())
      broken_invariant("result read as a value, but it holds an error");
    return *std::get_if<0>(&state_);
  }
  [[nodiscard]] T& value() & {
    return const_cast<T&>(std::as_const(*this).value());
  }
  [[nodiscard]] T&& value() && {
    return std::move(value());
  }
  [[nodiscard]] const T& operator*() const& {
    return value();
  }
  [[nodiscard]] T& operator*() & {
    return value();
  }
  [[nodiscard]] T&& operator*() && {
    return std::move(*this).value();
  }
  [[nodiscard]] const T* operator->() const {
    return &value();
  }
  [[nodiscard]] T* operator->() {
    return &value();
  }

  [[nodiscard]] const E& error() const& {
    if (ok())
      broken_invariant("result read as an error, but it holds a value");
    return *std::get_if<1>(&state_);
  }

private:
  std::variant<T, E> state_;
};

/// The value type of a `result` that carries nothing but success.
struct done {
  friend bool operator==(const done&, const done&) = default;
};

}  // namespace landfall::domain
