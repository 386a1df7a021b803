#include "common/runtime/settings.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <deque>
#include <iostream>
#include <map>
#include <optional>
#include <set>
#include <type_traits>
#include <utility>

#include "common/domain/parse_number.hpp"
#include "common/domain/result.hpp"

namespace landfall::runtime {

using strings = std::vector<std::string>;

struct setting::data {
  std::string name;
  setting_target target;
  std::string variable;
  CLI::Option* option = nullptr;
  std::string unit = {};
  bool secret = false;
  bool required = false;
  std::optional<std::pair<std::int64_t, std::int64_t>> range = {};
  strings one_of = {};
};

namespace {

/// A bad setting; carries the line to print.
struct bad_setting {
  std::string line;
};

std::string variable_of(std::string name) {
  for (char& c : name)
    c = c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return "LANDFALL_" + name;
}

strings split_at_commas(const strings& texts) {
  strings parts;
  for (const auto& text : texts)
    for (auto part : CLI::detail::split(text, ','))
      if (!CLI::detail::trim(part).empty())
        parts.push_back(std::move(part));
  return parts;
}

std::string toml(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\')
      out += '\\';
    out += c == '\n' ? std::string{"\\n"} : std::string{c};
  }
  return out + '"';
}

std::string toml(const setting::data& s) {
  const auto print = [&](const auto* target) -> std::string {
    using type = std::remove_cvref_t<decltype(*target)>;
    if constexpr (std::is_same_v<type, bool>)
      return *target ? "true" : "false";
    else if constexpr (std::is_integral_v<type>)
      return std::to_string(*target);
    else if (s.secret && !target->empty())
      return "\"***\"";
    else if constexpr (std::is_same_v<type, strings>)
      return "[" +
             CLI::detail::join(
                 *target, [](const auto& part) { return toml(part); }, ", ") +
             "]";
    else
      return toml(*target);
  };
  return std::visit(print, s.target);
}

// Each puts `value` into `target`, or says what is wrong with it.

std::string put(const setting::data& s, std::string& target, const std::string& value) {
  if (!s.one_of.empty() && std::ranges::find(s.one_of, value) == s.one_of.end())
    return "is not known; give one of: " + CLI::detail::join(s.one_of, ", ");
  target = value;
  return {};
}

std::string put(const setting::data&, bool& target, const std::string& value) {
  static const std::map<std::string, bool> words{{"true", true},   {"1", true},  {"yes", true}, {"on", true},
                                                 {"false", false}, {"0", false}, {"no", false}, {"off", false}};
  const auto word = words.find(value);
  if (word == words.end())
    return "is neither true nor false; give one of them";
  target = word->second;
  return {};
}

/// CLI11's own numbers would do harm: it reads 010 as eight, a number that is too large as the largest, and 3x as true.
template <class Integer>
std::string put(const setting::data& s, Integer& target, const std::string& value) {
  std::string bounds;
  if (s.range)
    bounds = " from " + std::to_string(s.range->first) + " to " + std::to_string(s.range->second) +
             (s.unit.empty() ? "" : " " + s.unit);
  const auto parsed = domain::parse_number<Integer>(value);
  if (!parsed)
    return "is not a whole number that fits; give one" + bounds;
  if (s.range && (std::cmp_less(*parsed, s.range->first) || std::cmp_greater(*parsed, s.range->second)))
    return "is out of bounds; give a number" + bounds;
  target = *parsed;
  return {};
}

}  // namespace

struct settings::impl {
  CLI::App app;
  std::deque<setting::data> all;
  strings arguments;
  bool print_config = false;

  setting::data* find(const std::string& name) {
    const auto it = std::ranges::find(all, name, &setting::data::name);
    return it == all.end() ? nullptr : &*it;
  }

  [[nodiscard]] bool has_flag(const setting::data& s) const {
    const auto flag = "--" + s.name;
    return std::ranges::any_of(arguments, [&](const auto& a) { return a == flag || a.starts_with(flag + "="); });
  }

  [[nodiscard]] std::string file() const {
    return app.get_config_ptr()->as<std::string>();
  }

  void assign(const setting::data& s, const strings& values) const {
    const bool flag = has_flag(s);
    const bool outside_file = flag || std::getenv(s.variable.c_str()) != nullptr;
    if (auto* const* list = std::get_if<strings*>(&s.target)) {
      **list = outside_file || values == strings{""} ? split_at_commas(values) : values;
      return;
    }
    const auto origin = "(from " + (flag ? "--" + s.name : outside_file ? s.variable : file()) + ") ";
    if (values.size() != 1)
      throw bad_setting{s.name + ": " + origin + "has not one value; give one"};
    const auto& value = values.front();
    const auto put_one = [&](auto* target) -> std::string {
      if constexpr (std::is_same_v<decltype(target), strings*>)
        return {};
      else
        return put(s, *target, value);
    };
    if (const auto why = std::visit(put_one, s.target); !why.empty())
      throw bad_setting{s.name + ": " + (s.secret ? "the value" : toml(value)) + " " + origin + why};
  }

  /// CLI11 passes over an empty variable. Here it empties a text or a list, and anything else refuses it.
  void read_empty_variables() const {
    for (const auto& s : all)
      if (const char* const value = std::getenv(s.variable.c_str()); value && *value == '\0' && !has_flag(s))
        assign(s, {""});
  }

  void check_required() const {
    for (const auto& s : all)
      if (s.required && (toml(s) == "\"\"" || toml(s) == "[]"))
        throw bad_setting{s.name + ": is required; give --" + s.name + " or " + s.variable};
  }
};

/// The file's keys under the names of their settings, without those that the environment sets more strongly.
class settings::file_reader : public CLI::ConfigTOML {
public:
  explicit file_reader(impl& all) : all_(all) {}

  [[nodiscard]] std::vector<CLI::ConfigItem> from_config(std::istream& in) const override {
    std::vector<CLI::ConfigItem> kept;
    std::set<std::string> seen;
    for (auto& item : CLI::ConfigTOML::from_config(in)) {
      if (item.name == "++" || item.name == "--")  // the parser's marks for where a section begins and ends
        continue;
      const auto key = item.fullname();
      item.parents.clear();
      item.name = key;
      std::ranges::replace(item.name, '_', '-');
      const auto* const s = all_.find(item.name);
      if (s == nullptr)
        throw bad_setting{key + ": no such setting (from " + all_.file() + "); remove it or see --help"};
      if (!seen.insert(s->name).second)
        throw bad_setting{key + ": is given twice in " + all_.file() + "; give it once"};
      if (item.inputs.empty())
        item.inputs.emplace_back();  // CLI11 passes over an empty array
      if (std::getenv(s->variable.c_str()) == nullptr)
        kept.push_back(std::move(item));
    }
    return kept;
  }

private:
  impl& all_;
};

setting& setting::describe(const std::string& more) {
  data_->option->description(data_->option->get_description() + "; " + more);
  return *this;
}

setting& setting::unit(std::string_view text) {
  data_->unit = text;
  return describe("in " + data_->unit);
}

setting& setting::secret() {
  data_->secret = true;
  data_->option->default_str(toml(*data_));
  return *this;
}

setting& setting::range(std::int64_t min, std::int64_t max) {
  data_->range.emplace(min, max);
  return describe(std::to_string(min) + " to " + std::to_string(max));
}

setting& setting::one_of(std::initializer_list<std::string_view> values) {
  data_->one_of.assign(values.begin(), values.end());
  return describe("one of " + CLI::detail::join(data_->one_of, ", "));
}

setting& setting::required() {
  data_->required = true;
  return describe("required");
}

settings::settings(std::string program, const std::string& description, const std::string& version)
    : impl_(std::make_unique<impl>()) {
  auto& app = impl_->app;
  app.name(std::move(program));
  app.description(description + "\n\nEvery setting is a flag, an environment variable or a line in the file, in that " +
                  "order of strength.");
  app.set_version_flag("--version", app.get_name() + " " + version);
  app.add_flag("--print-config", impl_->print_config, "Print the effective settings, secrets hidden, and exit");
  app.config_formatter(std::make_shared<file_reader>(*impl_));
}

settings::~settings() = default;

setting settings::add(std::string_view name, setting_target target, const std::string& help) {
  if (impl_->find(std::string{name}) != nullptr)
    domain::broken_invariant("a setting was added twice");
  auto& s = impl_->all.emplace_back(setting::data{std::string{name}, target, variable_of(std::string{name})});
  const auto assign = [this, &s](const strings& values) {
    impl_->assign(s, values);
    return true;
  };
  constexpr const char* kinds[] = {"TEXT", "NUMBER", "NUMBER", "NUMBER", "true|false", "TEXT..."};
  s.option = impl_->app.add_option("--" + s.name, assign, help);
  s.option->envname(s.variable)->type_name(kinds[target.index()])->default_str(toml(s));
  s.option->expected(std::holds_alternative<bool*>(target) ? 0 : 1)->allow_extra_args(false);
  s.option->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  return setting{s};
}

parse_outcome settings::parse(int argc, const char* const* argv) {
  return parse(argc, argv, std::cout, std::cerr);
}

parse_outcome settings::parse(int argc, const char* const* argv, std::ostream& out, std::ostream& err) {
  auto& app = impl_->app;
  impl_->arguments.assign(argv + 1, argv + argc);
  const char* const file = std::getenv("LANDFALL_CONFIG");
  const bool has_file = file != nullptr && *file != '\0';
  app.set_config("--config", has_file ? file : "", "TOML file to read", has_file)->envname("LANDFALL_CONFIG");
  std::string bad;
  try {
    // --help answers with the defaults, whatever else is set.
    if (std::ranges::any_of(impl_->arguments, [](const auto& a) { return a == "--help" || a == "-h"; }))
      throw CLI::CallForHelp{};
    impl_->read_empty_variables();
    app.parse(argc, argv);
    impl_->check_required();
    if (!impl_->print_config)
      return parse_outcome::run;
    for (const auto& s : impl_->all)
      out << s.name << " = " << toml(s) << "\n";
    return parse_outcome::exit_success;
  } catch (const CLI::Success& answered) {
    app.exit(answered, out, err);
    return parse_outcome::exit_success;
  } catch (const bad_setting& refused) {
    bad = refused.line;
  } catch (const CLI::FileError&) {
    bad = "config: " + impl_->file() + " cannot be read; give a readable TOML file";
  } catch (const CLI::ParseError& refused) {
    bad = std::string{refused.what()} + "; see --help";
    std::ranges::replace(bad, '\n', ' ');
  }
  err << app.get_name() << ": " << bad << std::endl;
  return parse_outcome::exit_failure;
}

parse_outcome settings::refuse(std::string_view name, std::string_view why) const {
  std::cerr << impl_->app.get_name() << ": " << name << ": " << why << std::endl;
  return parse_outcome::exit_failure;
}

}  // namespace landfall::runtime
