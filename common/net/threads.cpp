#include "common/net/threads.hpp"

#include <utility>  // before the pool: Boost 1.74 forgets it

#include <pplx/threadpool.h>

#include <algorithm>
#include <cstddef>
#include <exception>
#include <mutex>

namespace landfall::net {

void initialize_threads(int count) {
  static std::once_flag once;
  std::call_once(once, [&] {
    try {
      crossplat::threadpool::initialize_with_threads(static_cast<std::size_t>(std::max(count, 2)));
    } catch (const std::exception&) {
      // In use already: it keeps the size it has.
    }
  });
}

}  // namespace landfall::net
