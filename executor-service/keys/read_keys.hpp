#pragma once

#include <memory>
#include <string>

#include "common/domain/result.hpp"
#include "executor-service/order/build/signer.hpp"

namespace landfall::executor {

/// Reads the fee payer's key (the JSON array of solana-keygen) and the master secret (64 hex digits). The error is a
/// sentence that names the file and what to do, never the content.
[[nodiscard]] domain::result<std::shared_ptr<const signer_keys>, std::string> read_keys(
    const std::string& fee_payer_file, const std::string& master_secret_file);

}  // namespace landfall::executor
