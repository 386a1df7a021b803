#include "executor-service/config.hpp"

#include <algorithm>

#include "common/runtime/instance_id.hpp"

namespace landfall::executor {

void service_config::declare(runtime::settings& s) {
  s.add("port-base", port_base, "first of Landfall's ports; HTTP listens on it").range(1024, 65'500);
  s.add("listen-address", listen_address, "address that HTTP listens on");
  s.add("roles", roles, "what this process does: api, executor, verifier").required();
  s.add("instance", instance, "name of this process in audit rows and logs (default: made of host and process)");
  s.add("log-level", log_level, "least level that is logged").one_of({"debug", "info", "warn", "error"});
  s.add("log-format", log_format, "form of the log lines").one_of({"json", "text"});
  s.add("fee-payer-key", fee_payer_key, "file of the fee payer's key, readable by its owner alone").required();
  s.add("master-secret", master_secret, "file of the 32-byte master secret in hex, readable by its owner alone")
      .required();
  chain.declare(s);
  order.declare(s);
  api.declare(s);
  verify.declare(s);
}

std::optional<runtime::setting_error> service_config::complete() {
  for (const auto& role : roles)
    if (role != "api" && role != "executor" && role != "verifier")
      return runtime::setting_error{"roles", "\"" + role + "\" is no role: api, executor and verifier are"};
  if (instance.empty())
    instance = runtime::instance_id("executor-service");
  api.complete(port_base, chain.status_poll_ms);
  verify.complete(port_base);
  if (auto wrong = order.complete(port_base))
    return wrong;
  return chain.complete(port_base);
}

std::optional<std::string> service_config::validate(const service_context& context) const {
  return has_role("api") ? api::validate(api.server(context)) : std::nullopt;
}

bool service_config::has_role(const std::string& role) const {
  return std::ranges::find(roles, role) != roles.end();
}

std::string service_config::role_list() const {
  std::string list;
  for (const auto& role : roles)
    list += (list.empty() ? "" : ",") + role;
  return list;
}

const std::string& service_config::readiness_database() const {
  if (has_role("executor"))
    return order.postgres_url;
  return has_role("api") ? api.postgres_url : verify.postgres_url;
}

}  // namespace landfall::executor
