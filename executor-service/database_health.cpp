#include "executor-service/database_health.hpp"

#include "common/postgres/migrate.hpp"
#include "common/runtime/log.hpp"
#include "common/runtime/stop_signal.hpp"

namespace landfall::executor {

namespace {

constexpr std::chrono::milliseconds probe_interval{1'000};

postgres::database::options probe_options(const service_context& context, const std::string& url) {
  auto options = context.database(url);
  options.connect_timeout_s = 2;
  options.statement_timeout_ms = 2'000;
  return options;
}

}  // namespace

database_health::database_health(const service_context& context, const std::string& url)
    : database_(probe_options(context, url)), health_(context.health) {
  health_->declare("postgres");
  health_->declare("migrations");
}

void database_health::probe_until_stopped() {
  do
    probe();
  while (runtime::wait_for_stop_signal(probe_interval) == 0);
}

void database_health::probe() {
  const auto current = postgres::migrations_current(database_);
  const bool up = current.ok();
  const auto why = up ? std::string{} : current.error().message;
  health_->set("postgres", up, why);
  health_->set("migrations", up && *current,
               up ? "migrations are missing: run landfallctl migrate" : "the database cannot be asked");
  if (up != was_up_)
    runtime::log(up ? runtime::level::info : runtime::level::warn, up ? "database_up" : "database_down",
                 {{"why", why}});
  was_up_ = up;
}

}  // namespace landfall::executor
