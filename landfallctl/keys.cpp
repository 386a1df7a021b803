#include "landfallctl/keys.hpp"

#include <fcntl.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "common/solana/crypto.hpp"
#include "common/solana/keypair.hpp"

namespace landfall::ctl {

namespace {

/// Creates the file with the mode it keeps; refuses if anything has that name.
std::string write_secret(const std::string& path, const std::string& text) {
  const std::filesystem::path parent = std::filesystem::path{path}.parent_path();
  std::error_code ignored;
  if (!parent.empty())
    std::filesystem::create_directories(parent, ignored);
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (file < 0)
    return path + ": " + std::strerror(errno) +
           (errno == EEXIST ? ". A key is never overwritten: move it away first if you mean it" : "");
  const bool written =
      ::write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size()) && ::fsync(file) == 0;
  ::close(file);
  return written ? "" : path + ": could not be written whole; remove it and try again";
}

}  // namespace

std::string generate_keys(const std::string& fee_payer_file, const std::string& master_secret_file) {
  solana::initialize_crypto();
  if (std::filesystem::exists(master_secret_file))
    return master_secret_file + " exists. A key is never overwritten: move it away first if you mean it";
  std::array<unsigned char, crypto_sign_PUBLICKEYBYTES> public_key{};
  std::array<unsigned char, crypto_sign_SECRETKEYBYTES> secret_key{};
  crypto_sign_keypair(public_key.data(), secret_key.data());
  std::ostringstream json;
  for (std::size_t i = 0; i < secret_key.size(); ++i)
    json << (i == 0 ? "[" : ",") << static_cast<int>(secret_key[i]);
  json << "]\n";
  if (auto error = write_secret(fee_payer_file, json.str()); !error.empty())
    return error;
  std::array<unsigned char, 32> master{};
  randombytes_buf(master.data(), master.size());
  std::array<char, 65> hex{};
  sodium_bin2hex(hex.data(), hex.size(), master.data(), master.size());
  auto error = write_secret(master_secret_file, std::string{hex.data()} + "\n");
  sodium_memzero(secret_key.data(), secret_key.size());
  sodium_memzero(master.data(), master.size());
  sodium_memzero(hex.data(), hex.size());
  return error;
}

std::string fee_payer_address(const std::string& fee_payer_file, std::string& error) {
  std::ifstream file{fee_payer_file};
  if (!file) {
    error = fee_payer_file + ": " + std::strerror(errno);
    return {};
  }
  std::stringstream text;
  text << file.rdbuf();
  const auto key = solana::keypair::from_json_array(text.str());
  if (!key.ok()) {
    error = fee_payer_file + " is no key file: " + std::string{solana::to_string(key.error())};
    return {};
  }
  return key->public_key().to_string();
}

}  // namespace landfall::ctl
