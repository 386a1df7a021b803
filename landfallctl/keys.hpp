#pragma once

#include <string>

namespace landfall::ctl {

/// Writes a new fee-payer key (the JSON array of solana-keygen) and a new master secret (64 hex digits), each readable
/// by its owner alone. Files that are there already are never overwritten. Returns an error sentence, or nothing.
[[nodiscard]] std::string generate_keys(const std::string& fee_payer_file, const std::string& master_secret_file);

/// The public key in a fee-payer file; `error` is a sentence about what is wrong with the file.
[[nodiscard]] std::string fee_payer_address(const std::string& fee_payer_file, std::string& error);

}  // namespace landfall::ctl
