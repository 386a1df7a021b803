#include "common/solana/account_error.hpp"

namespace landfall::solana {

std::string_view to_string(account_error error) noexcept {
  switch (error) {
    case account_error::wrong_size:
      return "wrong_size";
    case account_error::wrong_kind:
      return "wrong_kind";
    case account_error::uninitialized:
      return "uninitialized";
  }
  return "unknown";
}

}  // namespace landfall::solana
