#include "common/runtime/instance_id.hpp"

#include <unistd.h>

#include <array>
#include <cstdint>
#include <random>

namespace landfall::runtime {

std::string instance_id(std::string_view service) {
  std::array<char, 256> host{};
  if (::gethostname(host.data(), host.size() - 1) != 0 || host[0] == '\0')
    host = {"unknown"};
  std::random_device device;
  constexpr std::string_view hex = "0123456789abcdef";
  auto random = static_cast<std::uint32_t>(device());
  std::string suffix;
  for (int i = 0; i < 8; ++i, random >>= 4U)
    suffix += hex[random & 0xFU];
  return std::string{service} + "-" + host.data() + "-" + std::to_string(::getpid()) + "-" + suffix;
}

}  // namespace landfall::runtime
