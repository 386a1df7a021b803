#pragma once

#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace landfall::runtime {

/// What /readyz answers. The checks are named once, at construction, and none is ok until it was set. Thread-safe.
class health {
public:
  /// `shown_only` are shown like the others, and do not decide whether this process is ready: what goes wrong there is
  /// for an operator, and no reason to take the other work of the process away.
  explicit health(std::vector<std::string> checks, std::vector<std::string> shown_only = {});

  /// `why` is a sentence about what is wrong; it is not kept for a check that is ok.
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
