#pragma once

#include <functional>
#include <future>
#include <memory>
#include <tuple>
#include <utility>

namespace landfall::tests {

template <class Answer>
Answer argument_of(std::function<void(Answer)>);

/// Calls an asynchronous method, whose last parameter takes the answer, and waits for it:
///
///     const auto epoch = answer_of(endpoint, &rpc_api::epoch_info, commitment::finalized);
template <class Api, class Base, class... Parameters, class... Arguments>
auto answer_of(Api&& api, void (Base::*method)(Parameters...), Arguments&&... arguments) {
  using done = std::tuple_element_t<sizeof...(Parameters) - 1, std::tuple<Parameters...>>;
  using answer = decltype(argument_of(std::declval<done>()));
  const auto promise = std::make_shared<std::promise<answer>>();
  (api.*method)(std::forward<Arguments>(arguments)..., [promise](answer a) { promise->set_value(std::move(a)); });
  return promise->get_future().get();
}

}  // namespace landfall::tests
