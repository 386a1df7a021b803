#pragma once

#include <string>
#include <string_view>

namespace landfall::runtime {

/// "<service>-<hostname>-<pid>-<random>": differs for every start of every replica.
[[nodiscard]] std::string instance_id(std::string_view service);

}  // namespace landfall::runtime
