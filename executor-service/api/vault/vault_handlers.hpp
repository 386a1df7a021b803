#pragma once

#include <memory>

#include "executor-service/api/http/call.hpp"
#include "executor-service/keys/master_secret.hpp"

namespace landfall::executor::api {

/// The routes under /vault. Thread-safe.
class vault_handlers {
public:
  explicit vault_handlers(std::shared_ptr<const master_secret> master) : master_(std::move(master)) {}

  void show_vault(postgres::database& db, const call& c) const;
  void register_vault(postgres::database& db, const call& c) const;

private:
  const std::shared_ptr<const master_secret> master_;
};

}  // namespace landfall::executor::api
