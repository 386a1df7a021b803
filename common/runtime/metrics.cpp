#include "common/runtime/metrics.hpp"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <mutex>

#include "common/domain/result.hpp"

namespace landfall::runtime {

struct metrics::impl {
  std::mutex mutex;
  prometheus::Registry registry{prometheus::Registry::InsertBehavior::Merge};

  static void check(const std::string& name) {
    if (!name.starts_with("landfall_"))
      domain::broken_invariant("the name of a metric does not begin with landfall_");
  }
};

void counter_handle::inc(double by) const {
  if (target_ != nullptr)
    static_cast<prometheus::Counter*>(target_)->Increment(by);
}

double counter_handle::value() const {
  return target_ == nullptr ? 0 : static_cast<const prometheus::Counter*>(target_)->Value();
}

void gauge_handle::set(double to) const {
  if (target_ != nullptr)
    static_cast<prometheus::Gauge*>(target_)->Set(to);
}

double gauge_handle::value() const {
  return target_ == nullptr ? 0 : static_cast<const prometheus::Gauge*>(target_)->Value();
}

void histogram_handle::observe(double value) const {
  if (target_ != nullptr)
    static_cast<prometheus::Histogram*>(target_)->Observe(value);
}

metrics::metrics() : impl_(std::make_unique<impl>()) {}
metrics::~metrics() = default;

counter_handle metrics::counter(const std::string& name, const std::string& help, const metric_labels& labels) {
  impl::check(name);
  const std::lock_guard lock{impl_->mutex};
  counter_handle h;
  h.target_ = &prometheus::BuildCounter().Name(name).Help(help).Register(impl_->registry).Add(labels);
  return h;
}

gauge_handle metrics::gauge(const std::string& name, const std::string& help, const metric_labels& labels) {
  impl::check(name);
  const std::lock_guard lock{impl_->mutex};
  gauge_handle h;
  h.target_ = &prometheus::BuildGauge().Name(name).Help(help).Register(impl_->registry).Add(labels);
  return h;
}

histogram_handle metrics::histogram(const std::string& name, const std::string& help,
                                    const std::vector<double>& buckets, const metric_labels& labels) {
  impl::check(name);
  const std::lock_guard lock{impl_->mutex};
  histogram_handle h;
  h.target_ = &prometheus::BuildHistogram().Name(name).Help(help).Register(impl_->registry).Add(labels, buckets);
  return h;
}

std::string metrics::render() const {
  return prometheus::TextSerializer{}.Serialize(impl_->registry.Collect());
}

const std::vector<double>& latency_buckets_seconds() {
  static const std::vector<double> buckets{0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25,
                                           0.5,   1,      2.5,   5,    10,    20,   30,  60};
  return buckets;
}

}  // namespace landfall::runtime
