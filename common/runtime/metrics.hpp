#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace landfall::runtime {

using metric_labels = std::map<std::string, std::string>;

/// Handles are cheap to copy, thread-safe, and valid as long as the `metrics` they came from. A default-made one does
/// nothing, so that code under test needs no registry.
class counter_handle {
public:
  counter_handle() = default;
  void inc(double by = 1) const;
  [[nodiscard]] double value() const;

private:
  friend class metrics;
  void* target_ = nullptr;
};

class gauge_handle {
public:
  gauge_handle() = default;
  void set(double to) const;
  [[nodiscard]] double value() const;

private:
  friend class metrics;
  void* target_ = nullptr;
};

class histogram_handle {
public:
  histogram_handle() = default;
  void observe(double value) const;

private:
  friend class metrics;
  void* target_ = nullptr;
};

/// The metrics of one process. The same name and labels give the same series, so asking again is harmless (but takes a
/// lock: keep the handle). Names begin with "landfall_" and carry their unit last ("landfall_rpc_latency_seconds").
class metrics {
public:
  metrics();
  ~metrics();
  metrics(const metrics&) = delete;
  metrics& operator=(const metrics&) = delete;

  [[nodiscard]] counter_handle counter(const std::string& name, const std::string& help,
                                       const metric_labels& labels = {});
  [[nodiscard]] gauge_handle gauge(const std::string& name, const std::string& help, const metric_labels& labels = {});
  /// `buckets` are ascending upper bounds; the one above all is implied.
  [[nodiscard]] histogram_handle histogram(const std::string& name, const std::string& help,
                                           const std::vector<double>& buckets, const metric_labels& labels = {});

  /// Everything in the text exposition format: content type "text/plain; version=0.0.4; charset=utf-8".
  [[nodiscard]] std::string render() const;

private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

/// Bounds in seconds from 1 ms to 60 s that suit calls over a network.
[[nodiscard]] const std::vector<double>& latency_buckets_seconds();

}  // namespace landfall::runtime
