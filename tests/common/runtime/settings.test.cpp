#include "common/runtime/settings.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

using namespace landfall::runtime;

namespace {

/// An environment variable for as long as the test.
class variable {
public:
  variable(const char* name, const char* value) : name_(name) {
    ::setenv(name, value, 1);
  }
  ~variable() {
    ::unsetenv(name_);
  }
  variable(const variable&) = delete;
  variable& operator=(const variable&) = delete;

private:
  const char* name_;
};

class file {
public:
  explicit file(const std::string& content)
      : path_(std::filesystem::temp_directory_path() / ("landfall-settings-" + std::to_string(::getpid()) + ".toml")) {
    std::ofstream{path_} << content;
  }
  ~file() {
    std::filesystem::remove(path_);
  }
  file(const file&) = delete;
  file& operator=(const file&) = delete;
  [[nodiscard]] std::string flag() const {
    return "--config=" + path_.string();
  }
  [[nodiscard]] std::string path() const {
    return path_.string();
  }

private:
  std::filesystem::path path_;
};

struct program {
  std::string postgres_url = "postgresql:///landfall";
  std::string key;
  std::string log_level = "info";
  std::int64_t lease_ms = 30'000;
  std::uint64_t lamports = 5;
  int port = 18000;
  bool verify = false;
  std::vector<std::string> roles{"api"};
  std::ostringstream out;
  std::ostringstream err;

  parse_outcome run(const std::vector<std::string>& flags) {
    settings s{"landfall-test", "A program for tests.", "1.2.3"};
    s.add("postgres-url", postgres_url, "the database").required();
    s.add("api-key", key, "required of callers").secret();
    s.add("log-level", log_level, "least level").one_of({"debug", "info", "warn", "error"});
    s.add("lease-ms", lease_ms, "how long a claim lasts").unit("ms").range(1000, 600'000);
    s.add("fee-lamports", lamports, "priority fee").unit("lamports");
    s.add("api-port", port, "port of the API").range(1, 65535);
    s.add("verify", verify, "whether to verify");
    s.add("roles", roles, "what to do").required();
    std::vector<const char*> argv{"landfall-test"};
    for (const auto& f : flags)
      argv.push_back(f.c_str());
    return s.parse(static_cast<int>(argv.size()), argv.data(), out, err);
  }
  /// What it said about a bad setting: exactly one line.
  std::string complaint(const std::vector<std::string>& flags) {
    CHECK(run(flags) == parse_outcome::exit_failure);
    const auto line = err.str();
    CHECK(std::ranges::count(line, '\n') == 1);
    CHECK(line.starts_with("landfall-test: "));
    return line;
  }
};

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("settings keep their defaults when nothing is given") {
  program p;
  CHECK(p.run({}) == parse_outcome::run);
  CHECK(p.lease_ms == 30'000);
  CHECK(p.roles == std::vector<std::string>{"api"});
}

TEST_CASE("a flag is stronger than the environment and the environment than the file") {
  const file f{
      "lease-ms = 2000\napi-port = 1000\nfee_lamports = 18446744073709551615\nverify = true\n"
      "roles = [\"api\", \"agents\"]\npostgres-url = \"postgresql://file\"\n"};
  const variable lease{"LANDFALL_LEASE_MS", "3000"};
  const variable port{"LANDFALL_API_PORT", "3001"};
  program p;
  REQUIRE(p.run({f.flag(), "--api-port=4001"}) == parse_outcome::run);
  CHECK(p.port == 4001);
  CHECK(p.lease_ms == 3000);
  CHECK(p.lamports == 18446744073709551615ULL);
  CHECK(p.verify);
  CHECK(p.roles == std::vector<std::string>{"api", "agents"});
  CHECK(p.postgres_url == "postgresql://file");
}

TEST_CASE("the environment names the file too") {
  const file f{"api_port = 1234\n"};
  const variable config{"LANDFALL_CONFIG", f.path().c_str()};
  program p;
  REQUIRE(p.run({}) == parse_outcome::run);
  CHECK(p.port == 1234);
}

TEST_CASE("a list takes several flags or commas in the environment") {
  program flags;
  REQUIRE(flags.run({"--roles", "api", "--roles", "verifier"}) == parse_outcome::run);
  CHECK(flags.roles == std::vector<std::string>{"api", "verifier"});
  program commas;
  REQUIRE(commas.run({"--roles=api,verifier"}) == parse_outcome::run);
  CHECK(commas.roles == std::vector<std::string>{"api", "verifier"});
  const variable roles{"LANDFALL_ROLES", "agents, verifier"};
  program environment;
  REQUIRE(environment.run({}) == parse_outcome::run);
  CHECK(environment.roles == std::vector<std::string>{"agents", "verifier"});
}

TEST_CASE("an empty variable and an empty array empty a list, each with its strength") {
  const file f{"api-key = \"from-file\"\npostgres-url = \"postgresql://file\"\nroles = []\n"};
  const variable key{"LANDFALL_API_KEY", ""};
  program p;
  CHECK(has(p.complaint({f.flag()}), "roles: is required"));
  CHECK(p.roles.empty());
  CHECK(p.key.empty());
  const variable roles{"LANDFALL_ROLES", ""};
  CHECK(has(program{}.complaint({}), "roles: is required"));
  program q;
  REQUIRE(q.run({f.flag(), "--roles=agents"}) == parse_outcome::run);
  CHECK(q.roles == std::vector<std::string>{"agents"});
  const variable port{"LANDFALL_API_PORT", ""};
  CHECK(has(program{}.complaint({"--roles=api"}), "(from LANDFALL_API_PORT) is not a whole number"));
}

TEST_CASE("numbers are decimal, with or without zeros in front") {
  program p;
  REQUIRE(p.run({"--api-port=010"}) == parse_outcome::run);
  CHECK(p.port == 10);
  CHECK(has(program{}.complaint({"--lease-ms=0700000"}), "lease-ms: \"0700000\" (from --lease-ms) is out of bounds"));
  CHECK(has(program{}.complaint({"--api-port=0x10"}), "api-port"));
}

TEST_CASE("an element of the file's array may hold a comma") {
  const file f{"roles = [\"a,b\", \"c\"]\n"};
  program p;
  REQUIRE(p.run({f.flag()}) == parse_outcome::run);
  CHECK(p.roles == std::vector<std::string>{"a,b", "c"});
}

TEST_CASE("the flag of a bool may come without a value") {
  program p;
  REQUIRE(p.run({"--verify"}) == parse_outcome::run);
  CHECK(p.verify);
  program q;
  q.verify = true;
  REQUIRE(q.run({"--verify=false"}) == parse_outcome::run);
  CHECK_FALSE(q.verify);
}

TEST_CASE("a bad setting is one line that names it and says what to do") {
  CHECK(has(program{}.complaint({"--lease-ms=10"}),
            "lease-ms: \"10\" (from --lease-ms) is out of bounds; give a number "
            "from 1000 to 600000 ms"));
  CHECK(has(program{}.complaint({"--api-port=http"}), "api-port: \"http\" (from --api-port) is not a whole number"));
  CHECK(has(program{}.complaint({"--api-port=80x"}), "api-port"));
  CHECK(has(program{}.complaint({"--fee-lamports=18446744073709551616"}), "fee-lamports"));
  CHECK(has(program{}.complaint({"--fee-lamports=-1"}), "fee-lamports"));
  CHECK(has(program{}.complaint({"--log-level=loud"}), "give one of: debug, info, warn, error"));
  CHECK(has(program{}.complaint({"--verify=maybe"}), "verify"));
  CHECK(has(program{}.complaint({"--verify=1x"}), "verify"));
  CHECK(has(program{}.complaint({"--postgres-url="}), "postgres-url"));
  CHECK(has(program{}.complaint({"--no-such-thing=1"}), "no-such-thing"));
  CHECK(has(program{}.complaint({"--api-port=1", "--api-port=2"}), "api-port: (from --api-port)"));
  CHECK(has(program{}.complaint({"--config=/no/such/file"}), "/no/such/file"));
  const variable port{"LANDFALL_API_PORT", "abc"};
  CHECK(has(program{}.complaint({}), "(from LANDFALL_API_PORT)"));
}

TEST_CASE("a key of the file that no setting has is refused by name") {
  const file f{"api-port = 1\napi-prot = 2\n"};
  CHECK(has(program{}.complaint({f.flag()}), "api-prot: no such setting"));
}

TEST_CASE("a key that stands twice in the file is refused by name") {
  const file f{"api-port = 1\nverify = true\napi_port = 2\n"};
  CHECK(has(program{}.complaint({f.flag()}), "api_port: is given twice"));
}

TEST_CASE("the effective settings are printed with secrets hidden and can be read back") {
  program p;
  REQUIRE(p.run({"--print-config", "--api-key=hunter2", "--roles=a", "--roles=b"}) == parse_outcome::exit_success);
  CHECK_FALSE(has(p.out.str(), "hunter2"));
  CHECK(has(p.out.str(), "api-key = \"***\"\n"));
  CHECK(has(p.out.str(), "roles = [\"a\", \"b\"]\n"));
  const file f{p.out.str()};
  program q;
  REQUIRE(q.run({f.flag()}) == parse_outcome::run);
  CHECK(q.roles == std::vector<std::string>{"a", "b"});
}

TEST_CASE("help lists every setting with default, unit and variable, but no secret") {
  program p;
  p.key = "hunter2";
  REQUIRE(p.run({"--help"}) == parse_outcome::exit_success);
  for (const auto* const part :
       {"--lease-ms", "30000", "in ms", "1000 to 600000", "LANDFALL_LEASE_MS", "LANDFALL_ROLES", "--print-config"})
    CHECK_MESSAGE(has(p.out.str(), part), part);
  CHECK_FALSE(has(p.out.str(), "hunter2"));
}

TEST_CASE("the version is printed even if settings are missing") {
  program p;
  p.roles.clear();
  REQUIRE(p.run({"--version"}) == parse_outcome::exit_success);
  CHECK(p.out.str() == "landfall-test 1.2.3\n");
}
