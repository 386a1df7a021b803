#pragma once

#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace landfall::runtime {

/// What /readyz answers. No check is ok until it was set. Thread-safe.
class health {
public:
  explicit health(std::vector<std::string> checks = {});

  /// Adds a check, before the process serves /readyz. One that does not decide is shown like the others, and leaves the
  /// process ready: what goes wrong there is for an operator, and no reason to take the process' other work away.
  void declare(std::string check, bool decides = true);

  /// `check` was declared. `why` is a sentence about what is wrong; it is not kept for a check that is ok.
  void set(std::string_view check, bool ok, std::string why = {});

  /// Whether every check that decides is ok.
  [[nodiscard]] bool ready() const;

  /// {"ready":false,"checks":{"postgres":{"ok":false,"why":"not checked yet"},"rpc":{"ok":true}}}
  [[nodiscard]] std::string to_json() const;

private:
  struct state {
    bool ok = false;
    std::string why = "not checked yet";
    bool decides = true;
  };
  [[nodiscard]] bool all_that_decide_ok() const;

  mutable std::mutex mutex_;
  std::map<std::string, state, std::less<>> checks_;
};

}  // namespace landfall::runtime
