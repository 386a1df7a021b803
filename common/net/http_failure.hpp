#pragma once

#include <exception>
#include <string>

#include "common/net/error.hpp"

namespace landfall::net {

/// What an exception of the HTTP library means; `url` goes into the message.
[[nodiscard]] net_error describe_failure(const std::exception_ptr& thrown, const std::string& url);

}  // namespace landfall::net
