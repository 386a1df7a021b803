#pragma once

#include <cstdint>
#include <initializer_list>
#include <iosfwd>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace landfall::runtime {

/// What `main` does after the settings were read.
enum class parse_outcome {
  run,           ///< go on
  exit_success,  ///< --help, --version or --print-config was answered: return 0
  exit_failure,  ///< a bad setting was reported on one line: return 1
};

/// What a setting is written to; its type is the setting's type.
using setting_target =
    std::variant<std::string*, std::int64_t*, std::uint64_t*, int*, bool*, std::vector<std::string>*>;

/// Refines one setting right where it is added. Valid until the settings it belongs to are destroyed.
class setting {
public:
  /// What the number counts, for --help: "ms", "bytes", "lamports", …
  setting& unit(std::string_view text);
  /// Never shown: neither by --help, --print-config nor in an error.
  setting& secret();
  /// Inclusive bounds of a whole number.
  setting& range(std::int64_t min, std::int64_t max);
  /// A text has to be one of these.
  setting& one_of(std::initializer_list<std::string_view> values);
  /// A text must not be empty, a list must have an element.
  setting& required();

  struct data;

private:
  friend class settings;
  explicit setting(data& d) : data_(&d) {}
  setting& describe(const std::string& more);
  data* data_;
};

/// Why the value of a setting, or of several together, cannot be used.
struct setting_error {
  std::string_view name;
  /// A sentence.
  std::string why;
};

/// The settings of a program. Each one has a flag, an environment variable and a key in a TOML file, in that order of
/// strength: "postgres-url" is --postgres-url, LANDFALL_POSTGRES_URL and `postgres-url = "…"` (or `postgres_url`).
///
///     settings s{"executor-service", "Carries out what is ready.", "0.1.0"};
///     s.add("api-port", config.api_port, "port of the public API").range(1, 65535);
///     s.add("lease-ms", config.lease_ms, "how long a claim lasts").unit("ms").range(1000, 600'000);
///     s.add("api-key", config.api_key, "required of callers if set").secret();
///     switch (s.parse(argc, argv)) …
///
/// What a target holds when it is added is its default; it is written by `parse` only, and only if a value was given.
/// A list takes its flag several times or with commas, commas in the environment, an array in the file. A bool's flag
/// is --verify or --verify=false. --config FILE (or LANDFALL_CONFIG) names the file; a key in it that no setting has is
/// refused.
class settings {
public:
  settings(std::string program, const std::string& description, const std::string& version);
  ~settings();
  settings(const settings&) = delete;
  settings& operator=(const settings&) = delete;

  template <class T>
  setting add(std::string_view name, T& target, const std::string& help) {
    return add(name, setting_target{&target}, help);
  }

  /// Reads flags, environment and file. Answers go to stdout, the one line about a bad setting to stderr.
  [[nodiscard]] parse_outcome parse(int argc, const char* const* argv);
  [[nodiscard]] parse_outcome parse(int argc, const char* const* argv, std::ostream& out, std::ostream& err);

  /// For checks that concern several settings, after `parse`: prints "<program>: <name>: <why>" to stderr.
  [[nodiscard]] parse_outcome refuse(std::string_view name, std::string_view why) const;

private:
  setting add(std::string_view name, setting_target target, const std::string& help);

  struct impl;
  class file_reader;
  std::unique_ptr<impl> impl_;
};

}  // namespace landfall::runtime
