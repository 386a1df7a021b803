#pragma once

#include <caf/all.hpp>
#include <chrono>
#include <utility>

#include "common/fault/fault_point.hpp"

namespace landfall::fault {

namespace detail {

/// What a handler of one message takes.
template <class Handler>
struct handled : handled<decltype(&Handler::operator())> {};
template <class Handler, class Result, class Message>
struct handled<Result (Handler::*)(const Message&) const> {
  using type = Message;
};
template <class Handler, class Result, class Message>
struct handled<Result (Handler::*)(const Message&)> {
  using type = Message;
};

}  // namespace detail

/// Asks `whom` and goes on with `then(answer)` or `failed(error)`, between the two points of the effect. A fault has
/// the effect of an actor that did not answer.
template <class Self, class Whom, class Timeout, class Request, class Then, class Failed>
void await(const point& at, Self* self, const Whom& whom, Timeout timeout, Request request, Then then, Failed failed) {
  if constexpr (!compiled_in) {
    self->request(whom, timeout, std::move(request)).then(std::move(then), std::move(failed));
  } else {
    const auto lost = [] { return caf::make_error(caf::sec::request_receiver_down, "fault point"); };
    if (fires(at, moment::before))
      return failed(lost());
    self->request(whom, timeout, std::move(request))
        .then(
            [at, lost, then = std::move(then), failed](const typename detail::handled<Then>::type& answer) mutable {
              if (fires(at, moment::after))
                return failed(lost());
              then(answer);
            },
            failed);
  }
}

}  // namespace landfall::fault
