#pragma once

#include <string_view>

namespace landfall::solana {

/// Why an account's data is not what it was taken for.
enum class account_error {
  wrong_size,     ///< too short, too long or not a whole number of entries
  wrong_kind,     ///< another kind of account, or a value that the program never writes
  uninitialized,  ///< allocated, but not set up yet
};

}  // namespace landfall::solana
