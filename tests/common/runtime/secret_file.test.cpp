#include "common/runtime/secret_file.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

using namespace landfall::runtime;

namespace {

class secret {
public:
  secret(const std::string& content, mode_t mode)
      : path_(std::filesystem::temp_directory_path() / ("landfall-secret-" + std::to_string(::getpid()))) {
    std::ofstream{path_} << content;
    ::chmod(path_.c_str(), mode);
  }
  ~secret() {
    std::filesystem::remove(path_);
  }
  secret(const secret&) = delete;
  secret& operator=(const secret&) = delete;
  [[nodiscard]] std::string path() const {
    return path_.string();
  }

private:
  std::filesystem::path path_;
};

}  // namespace

TEST_CASE("a file only its owner can read gives the secret without the newline") {
  for (const mode_t mode : {0600U, 0400U}) {
    const secret s{"correct horse\n", mode};
    const auto read = read_secret_file(s.path());
    REQUIRE(read);
    CHECK(*read == "correct horse");
  }
}

TEST_CASE("a file that others can read is refused without its content") {
  for (const mode_t mode : {0644U, 0640U, 0604U, 0700U, 0660U}) {
    const secret s{"correct horse", mode};
    const auto read = read_secret_file(s.path());
    REQUIRE_FALSE(read);
    CHECK(read.error().find("chmod 600") != std::string::npos);
    CHECK(read.error().find("horse") == std::string::npos);
  }
}

TEST_CASE("what is no file, is not there, is empty or too large is refused") {
  CHECK_FALSE(read_secret_file("/no/such/file"));
  CHECK_FALSE(read_secret_file("/tmp"));
  const secret empty{"\n", 0600};
  CHECK_FALSE(read_secret_file(empty.path()));
  const secret large{std::string(max_secret_bytes + 1, 'x'), 0600};
  CHECK_FALSE(read_secret_file(large.path()));
}

TEST_CASE("a file of another user is refused" * doctest::skip(::geteuid() != 0)) {
  const secret s{"correct horse", 0600};
  REQUIRE(::chown(s.path().c_str(), 65534, 65534) == 0);
  const auto read = read_secret_file(s.path());
  REQUIRE_FALSE(read);
  CHECK(read.error().find("another user") != std::string::npos);
}
