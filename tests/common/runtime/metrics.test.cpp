#include "common/runtime/metrics.hpp"

#include <doctest/doctest.h>

using namespace landfall::runtime;

TEST_CASE("metrics come out in the text format, the same name and labels being one series") {
  metrics m;
  m.counter("landfall_orders_total", "orders", {{"state", "filled"}}).inc();
  m.counter("landfall_orders_total", "orders", {{"state", "filled"}}).inc(2);
  m.gauge("landfall_queue_length", "length").set(4);
  m.histogram("landfall_rpc_latency_seconds", "latency", latency_buckets_seconds()).observe(0.003);
  const auto text = m.render();
  CHECK(text.find("landfall_orders_total{state=\"filled\"} 3") != std::string::npos);
  CHECK(text.find("landfall_queue_length 4") != std::string::npos);
  CHECK(text.find("landfall_rpc_latency_seconds_bucket{le=\"0.005\"} 1") != std::string::npos);
  CHECK(text.find("landfall_rpc_latency_seconds_bucket{le=\"0.0025\"} 0") != std::string::npos);
}

TEST_CASE("a handle without a registry does nothing") {
  counter_handle{}.inc();
  gauge_handle{}.set(1);
  histogram_handle{}.observe(1);
  CHECK(counter_handle{}.value() == 0);
}
