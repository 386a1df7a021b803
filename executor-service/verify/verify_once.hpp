#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "common/domain/uuid.hpp"
#include "common/postgres/database.hpp"
#include "executor-service/chain/rpc/rpc_api.hpp"
#include "executor-service/verify/summary.hpp"

namespace landfall::executor::verify {

/// One pass over everything, or over `order` alone, that writes nothing; for a command line, since it blocks.
/// `database` may be of any role that reads: `landfall_operator`, `landfall_verifier`. What is found is checked a
/// second time, at a later finalized slot, before it counts.
[[nodiscard]] summary verify_once(const postgres::database::options& database,
                                  std::vector<std::shared_ptr<rpc_api>> endpoints,
                                  std::optional<domain::order_id> order = {});

}  // namespace landfall::executor::verify
