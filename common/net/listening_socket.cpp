#include "common/net/listening_socket.hpp"

#include <dirent.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <chrono>
#include <cstdlib>
#include <memory>
#include <thread>
#include <vector>

namespace landfall::net {
namespace {

/// From a connection leaving the queue to the library having entered it into its books.
constexpr std::chrono::milliseconds settling{20};
constexpr int max_waits = 50;

bool listens_on(int fd, int port) {
  int listening = 0;
  socklen_t size = sizeof listening;
  if (::getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size) != 0 || listening == 0)
    return false;
  sockaddr_storage address{};
  size = sizeof address;
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0)
    return false;
  if (address.ss_family == AF_INET)
    return ntohs(reinterpret_cast<const sockaddr_in&>(address).sin_port) == port;
  return address.ss_family == AF_INET6 && ntohs(reinterpret_cast<const sockaddr_in6&>(address).sin6_port) == port;
}

std::vector<int> listeners(int port) {
  std::vector<int> out;
  const std::unique_ptr<DIR, int (*)(DIR*)> all{::opendir("/proc/self/fd"), ::closedir};
  while (const dirent* const entry = all ? ::readdir(all.get()) : nullptr) {
    const int fd = std::atoi(entry->d_name);
    if (fd > 2 && listens_on(fd, port))
      out.push_back(fd);
  }
  return out;
}

bool has_waiting_connection(int fd) {
  pollfd p{fd, POLLIN, 0};
  return ::poll(&p, 1, 0) > 0;
}

}  // namespace

void deafen_listener(int port) {
  for (const int fd : listeners(port)) {
    sock_filter drop_everything{BPF_RET | BPF_K, 0, 0, 0};
    const sock_fprog program{1, &drop_everything};
    ::setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program);
    for (int waits = 0; waits < max_waits && has_waiting_connection(fd); ++waits)
      std::this_thread::sleep_for(settling);
  }
  std::this_thread::sleep_for(settling);
}

}  // namespace landfall::net
