#include "common/runtime/secret_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace landfall::runtime {
namespace {

class descriptor {
public:
  explicit descriptor(int fd) : fd_(fd) {}
  ~descriptor() {
    if (fd_ >= 0)
      ::close(fd_);
  }
  descriptor(const descriptor&) = delete;
  descriptor& operator=(const descriptor&) = delete;
  [[nodiscard]] int number() const {
    return fd_;
  }

private:
  int fd_;
};

/// Empty if the open file is fit to hold a secret.
std::string objection(int fd, const std::string& path) {
  struct stat info {};
  if (::fstat(fd, &info) != 0)
    return path + " cannot be examined: " + std::strerror(errno);
  if (!S_ISREG(info.st_mode))
    return path + " is not a regular file";
  if (info.st_uid != ::geteuid())
    return path + " belongs to another user; make the user of this process its owner";
  const auto mode = info.st_mode & 07777U;
  if (mode != 0600U && mode != 0400U)
    return path + " can be read by others than its owner or executed; run: chmod 600 " + path;
  if (static_cast<std::size_t>(info.st_size) > max_secret_bytes)
    return path + " is too large to be a secret";
  return {};
}

}  // namespace

domain::result<std::string, std::string> read_secret_file(const std::string& path) {
  const descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  if (file.number() < 0)
    return domain::failure{path + " cannot be opened: " + std::strerror(errno)};
  if (auto why = objection(file.number(), path); !why.empty())
    return domain::failure{std::move(why)};
  std::string content(max_secret_bytes + 1, '\0');
  std::size_t used = 0;
  for (;;) {
    const auto n = ::read(file.number(), content.data() + used, content.size() - used);
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      return domain::failure{path + " cannot be read: " + std::strerror(errno)};
    used += static_cast<std::size_t>(n);
    if (used > max_secret_bytes)
      return domain::failure{path + " is too large to be a secret"};
    if (n == 0)
      break;
  }
  std::string secret = content.substr(0, used);
  ::explicit_bzero(content.data(), content.size());
  if (secret.ends_with('\n'))
    secret.pop_back();
  if (secret.ends_with('\r'))
    secret.pop_back();
  if (secret.empty())
    return domain::failure{path + " is empty"};
  return secret;
}

}  // namespace landfall::runtime
