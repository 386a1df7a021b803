// Reads the services' sources: no effect on the money path without its two points, no point that stands nowhere.
#include "common/fault/money_path.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

using namespace landfall;

namespace {

struct span {
  std::size_t begin = 0;
  std::size_t end = 0;
};

struct source {
  std::string path;
  /// Comments and texts blanked out.
  std::string code;
  /// The arguments of every call of a helper that sets both points.
  std::vector<span> covered;
};

std::string blanked(std::string code) {
  enum { plain, line_comment, text } in = plain;
  for (std::size_t i = 0; i + 1 < code.size(); ++i) {
    const char c = code[i];
    if (in == plain && c == '/' && code[i + 1] == '/')
      in = line_comment;
    else if (in == plain && c == '"')
      in = text;
    else if (in == line_comment && c == '\n')
      in = plain;
    else if (in == text && c == '\\')
      code[i++] = ' ';
    else if (in == text && c == '"')
      in = plain;
    if (in != plain && c != '\n')
      code[i] = ' ';
  }
  return code;
}

std::size_t closing(const std::string& code, std::size_t open) {
  int depth = 0;
  for (std::size_t i = open; i < code.size(); ++i) {
    if (code[i] == '(')
      ++depth;
    if (code[i] == ')' && --depth == 0)
      return i;
  }
  return code.size();
}

std::vector<span> spans_of(const std::string& code) {
  static const std::regex helper{
      R"(\b(fault::around|fault::around_all|fault::around_send|fault::between|at_fault_point<[\w:<>]+>|await|ask|leased|request<[\w:, ]+>)\()"};
  std::vector<span> spans;
  for (auto at = std::sregex_iterator{code.begin(), code.end(), helper}; at != std::sregex_iterator{}; ++at) {
    const auto open = static_cast<std::size_t>(at->position() + at->length() - 1);
    spans.push_back({open, closing(code, open)});
  }
  return spans;
}

bool is_covered(const source& s, std::size_t at) {
  for (const auto& one : s.covered)
    if (one.begin < at && at < one.end)
      return true;
  return false;
}

/// The folders that perform effects. Left out are what stands below the points, and what never touches money.
std::vector<source> sources() {
  const std::map<std::string, std::string> left_out{
      {"executor-service/chain/rpc_fault.hpp", "the helper itself"},
      {"executor-service/order/build/maker/maker_client.cpp", "what the maker's points stand around"},
      {"executor-service/order/build/maker/maker_client.hpp", "what the maker's points stand around"},
      {"executor-service/order/build/router/router_client.cpp", "what the router's points stand around"},
      {"executor-service/order/build/router/router_client.hpp", "what the router's points stand around"},
      {"executor-service/api/deposit/mint_check.cpp", "checks a token before there is a deposit"},
      {"executor-service/api/deposit/actor_chain.cpp", "what the api's points stand around"},
  };
  std::vector<source> all;
  for (const char* folder :
       {"executor-service/chain", "executor-service/order", "executor-service/api", "trigger-service/orders"})
    for (const auto& entry :
         std::filesystem::recursive_directory_iterator{std::filesystem::path{LANDFALL_SOURCE_DIR} / folder}) {
      source s;
      s.path = entry.path().lexically_relative(LANDFALL_SOURCE_DIR).string();
      if ((entry.path().extension() != ".cpp" && entry.path().extension() != ".hpp") || left_out.contains(s.path))
        continue;
      // The client below the points of whoever asks it.
      if (s.path.rfind("executor-service/chain/rpc/", 0) == 0)
        continue;
      std::stringstream text;
      text << std::ifstream{entry.path()}.rdbuf();
      s.code = blanked(text.str());
      s.covered = spans_of(s.code);
      all.push_back(std::move(s));
    }
  return all;
}

/// How an effect looks in these folders.
const std::vector<std::pair<const char*, std::regex>>& raw_effects() {
  static const std::vector<std::pair<const char*, std::regex>> all{
      {"executor-service/", std::regex{R"(->request\()"}},
      {"executor-service/", std::regex{R"(->(commit|claim|renew)\()"}},
      {"executor-service/", std::regex{R"((chain::broadcast|maker::submit)\{)"}},
      {"executor-service/",
       std::regex{R"(\b(send_transaction|signature_statuses|quote_for|instructions_for|address_signatures)\()"}},
      {"executor-service/order/build/maker/", std::regex{R"(->(quote|swap)\()"}},
      {"executor-service/api/", std::regex{R"((->|\.)(create_order|open_order|mark_broadcast)\()"}},
      {"executor-service/api/", std::regex{R"((->|\.)(broadcast|statuses|account)\()"}},
      {"trigger-service/", std::regex{R"(sink->write\()"}},
  };
  return all;
}

/// The effects that stand without points of their own, each with the text that follows and why.
const std::map<std::string, std::vector<std::string>>& without_points() {
  static const std::map<std::string, std::vector<std::string>> all{
      // Commits have their points where they are made, in the commit writer.
      {"executor-service/order/order_actor.cpp",
       {"->request(with->commit_writer,", "->request(with->commit_writer,",
        // A permit.
        "->request(permits,",
        // What is reported of a watch has its points where the endpoints are asked.
        "->request(with->chain,"}},
      // What the API asks while somebody waits: its own points stand around the question.
      {"executor-service/chain/chain_reads.cpp",
       {"signature_statuses(r.ids, false,", "signature_statuses(r.ids, true,", "signature_statuses(ids, false,"}},
      // For the health check alone.
      {"executor-service/order/build/fee_payer_alarm.cpp", {"->request(chain,"}},
  };
  return all;
}

}  // namespace

TEST_CASE("no effect on the money path without a point before and after it") {
  int found = 0;
  for (const auto& s : sources()) {
    auto allowed = without_points().contains(s.path) ? without_points().at(s.path) : std::vector<std::string>{};
    for (const auto& [folder, pattern] : raw_effects()) {
      if (s.path.rfind(folder, 0) != 0)
        continue;
      for (auto at = std::sregex_iterator{s.code.begin(), s.code.end(), pattern}; at != std::sregex_iterator{}; ++at) {
        ++found;
        const auto position = static_cast<std::size_t>(at->position());
        if (is_covered(s, position))
          continue;
        const auto exempt = std::find_if(allowed.begin(), allowed.end(), [&](const std::string& text) {
          return s.code.compare(position, text.size(), text) == 0;
        });
        if (exempt != allowed.end()) {
          allowed.erase(exempt);
          continue;
        }
        const auto line = 1 + std::count(s.code.begin(), s.code.begin() + at->position(), '\n');
        FAIL_CHECK(s.path << ":" << line << " has " << at->str() << " outside of a helper that sets its fault points");
      }
    }
    CHECK_MESSAGE(allowed.empty(), s.path << " has no " << (allowed.empty() ? "" : allowed.front()) << " any more");
  }
  // The patterns still mean something.
  CHECK(found >= 19);
}

TEST_CASE("every registered effect stands at one place in the sources, within the helper that sets both points") {
  std::map<std::string, int> placed;
  static const std::regex name{R"(\beffect::(\w+))"};
  for (const auto& s : sources())
    for (auto at = std::sregex_iterator{s.code.begin(), s.code.end(), name}; at != std::sregex_iterator{}; ++at) {
      const auto what = (*at)[1].str();
      // What is committed is named in commit_point, and the commit writer sets the points.
      const bool commit = what.rfind("commit_", 0) == 0;
      if (commit ? s.path == "executor-service/order/commit_point.hpp"
                 : is_covered(s, static_cast<std::size_t>(at->position())))
        ++placed[what];
      else if (!commit)
        FAIL_CHECK(s.path << " names effect::" << what << " outside of a helper");
    }
  for (const auto& row : fault::money_path()) {
    const std::string what{row.name};
    CAPTURE(what);
    if (what.rfind("commit_", 0) == 0)
      CHECK(placed[what] >= 1);
    else
      CHECK(placed[what] == 1);
    placed.erase(what);
  }
  CHECK(placed.empty());
}

TEST_CASE("every point lies on a flow, but those of routes with lookup tables, which the devnet's router has none of") {
  for (const auto& p : fault::money_path_points())
    CHECK_MESSAGE((!p.flows.empty() || p.name.rfind("lookup_tables_read.", 0) == 0), p.name);
}
