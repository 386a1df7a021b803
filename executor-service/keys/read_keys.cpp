#include "executor-service/keys/read_keys.hpp"

#include <sodium.h>

#include <array>

#include "common/runtime/secret_file.hpp"
#include "common/solana/crypto.hpp"
#include "executor-service/keys/master_secret.hpp"

namespace landfall::executor {

domain::result<std::shared_ptr<const signer_keys>, std::string> read_keys(const std::string& fee_payer_file,
                                                                          const std::string& master_secret_file) {
  solana::initialize_crypto();
  auto key_text = runtime::read_secret_file(fee_payer_file);
  if (!key_text)
    return domain::failure{key_text.error()};
  auto key = solana::keypair::from_json_array(*key_text);
  sodium_memzero(key_text->data(), key_text->size());
  if (!key)
    return domain::failure{fee_payer_file + " is no key file: " + std::string{solana::to_string(key.error())}};
  auto secret_text = runtime::read_secret_file(master_secret_file);
  if (!secret_text)
    return domain::failure{secret_text.error()};
  std::array<std::uint8_t, 32> bytes{};
  std::size_t length = 0;
  const bool read = secret_text->size() == 64 && sodium_hex2bin(bytes.data(), bytes.size(), secret_text->data(),
                                                                secret_text->size(), nullptr, &length, nullptr) == 0;
  sodium_memzero(secret_text->data(), secret_text->size());
  if (!read || length != bytes.size())
    return domain::failure{master_secret_file + " is no master secret: 64 hexadecimal digits are expected"};
  auto master = std::make_shared<const master_secret>(bytes);
  sodium_memzero(bytes.data(), bytes.size());
  return std::make_shared<const signer_keys>(signer_keys{std::move(key).value(), std::move(master)});
}

}  // namespace landfall::executor
