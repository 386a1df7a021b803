#pragma once

#include <cstddef>
#include <string>

#include "common/domain/result.hpp"

namespace landfall::runtime {

/// A secret file larger than this is not a secret file.
inline constexpr std::size_t max_secret_bytes = 64 * 1024;

/// The content of a file that nobody but us can read: a regular file, owned by the process's user, mode 0600 or 0400.
/// A trailing newline is dropped. The error is a sentence that names the path, never the content.
[[nodiscard]] domain::result<std::string, std::string> read_secret_file(const std::string& path);

}  // namespace landfall::runtime
