#include "common/runtime/settings.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <limits>
#include <optional>
#include <sstream>
#include <utility>
#include <variant>

#include "common/domain/parse_number.hpp"
#include "common/domain/result.hpp"

namespace landfall::runtime {

using target_pointer =
    std::variant<std::string*, std::int64_t*, std::uint64_t*, int*, bool*, std::vector<std::string>*>;

struct setting::data {
  std::string name;
  target_pointer target;
  std::string help;
  std::string unit;
  bool secret = false;
  bool required = false;
  std::optional<std::pair<std::int64_t, std::int64_t>> range;
  std::vector<std::string> one_of;
  std::vector<std::string> flag_values;
  CLI::Option* flag = nullptr;
};

namespace {

using strings = std::vector<std::string>;

/// A bad setting; carries the line to print.
struct bad_setting {
  std::string line;
};

std::string environment_name(const std::string& name) {
  std::string out = "LANDFALL_";
  for (const char c : name)
    out += c == '-' ? '_' : static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
  return out;
}

std::string with_dashes(std::string name) {
  std::ranges::replace(name, '_', '-');
  return name;
}

std::string joined(const strings& parts, std::string_view separator) {
  std::string out;
  for (const auto& part : parts) {
    if (!out.empty())
      out += separator;
    out += part;
  }
  return out;
}

strings split_at_commas(const std::string& text);

strings split_each_at_commas(const strings& texts) {
  strings parts;
  for (const auto& text : texts)
    for (auto& part : split_at_commas(text))
      parts.push_back(std::move(part));
  return parts;
}

strings split_at_commas(const std::string& text) {
  strings out;
  std::istringstream in{text};
  for (std::string part; std::getline(in, part, ',');) {
    const auto first = part.find_first_not_of(" \t");
    if (first != std::string::npos)
      out.push_back(part.substr(first, part.find_last_not_of(" \t") - first + 1));
  }
  return out;
}

std::string toml_string(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\')
      out += '\\';
    if (c == '\n')
      out += "\\n";
    else
      out += c;
  }
  return out + '"';
}

std::string toml_value(const target_pointer& target) {
  struct {
    std::string operator()(const std::string* t) const {
      return toml_string(*t);
    }
    std::string operator()(const bool* t) const {
      return *t ? "true" : "false";
    }
    std::string operator()(const strings* t) const {
      strings quoted;
      for (const auto& part : *t)
        quoted.push_back(toml_string(part));
      return "[" + joined(quoted, ", ") + "]";
    }
    std::string operator()(const std::int64_t* t) const {
      return std::to_string(*t);
    }
    std::string operator()(const std::uint64_t* t) const {
      return std::to_string(*t);
    }
    std::string operator()(const int* t) const {
      return std::to_string(*t);
    }
  } print;
  return std::visit(print, target);
}

bool is_empty(const target_pointer& target) {
  if (const auto* const* text = std::get_if<std::string*>(&target))
    return (*text)->empty();
  if (const auto* const* list = std::get_if<strings*>(&target))
    return (*list)->empty();
  return false;
}

/// Puts values into one setting's target, or throws `bad_setting`.
class assigner {
public:
  assigner(const setting::data& s, std::string origin) : s_(s), origin_(std::move(origin)) {}

  void assign(const strings& values) const {
    if (auto* const* list = std::get_if<strings*>(&s_.target)) {
      **list = values;
      return;
    }
    if (values.size() != 1)
      refuse(values.empty() ? "has no value; give one" : "is given more than once; give it once", {});
    std::visit([&](auto* target) { put(*target, values.front()); }, s_.target);
  }

private:
  [[noreturn]] void refuse(const std::string& why, const std::string& value) const {
    std::string line = s_.name + ": ";
    if (!value.empty())
      line += s_.secret ? "the value " : toml_string(value) + " ";
    throw bad_setting{line + "(from " + origin_ + ") " + why};
  }

  void put(std::string& target, const std::string& value) const {
    if (!s_.one_of.empty() && std::ranges::find(s_.one_of, value) == s_.one_of.end())
      refuse("is not known; give one of: " + joined(s_.one_of, ", "), value);
    target = value;
  }

  void put(bool& target, const std::string& value) const {
    if (value == "true" || value == "1" || value == "yes" || value == "on")
      target = true;
    else if (value == "false" || value == "0" || value == "no" || value == "off")
      target = false;
    else
      refuse("is neither true nor false; give one of them", value);
  }

  template <class Integer>
  void put(Integer& target, const std::string& value) const {
    const auto parsed = domain::parse_number<Integer>(value);
    if (!parsed)
      refuse("is not a whole number that fits; give one" + bounds(), value);
    if (s_.range && (std::cmp_less(*parsed, s_.range->first) || std::cmp_greater(*parsed, s_.range->second)))
      refuse("is out of bounds; give a number" + bounds(), value);
    target = *parsed;
  }
  void put(strings&, const std::string&) const {}

  [[nodiscard]] std::string bounds() const {
    if (!s_.range)
      return {};
    return " from " + std::to_string(s_.range->first) + " to " + std::to_string(s_.range->second) +
           (s_.unit.empty() ? "" : " " + s_.unit);
  }

  const setting::data& s_;
  std::string origin_;
};

}  // namespace

struct settings::impl {
  std::string program;
  std::string description;
  std::string version;
  std::vector<std::unique_ptr<setting::data>> all;
  std::string config_path;

  setting::data* find(const std::string& name) {
    const auto it = std::ranges::find(all, name, &setting::data::name);
    return it == all.end() ? nullptr : it->get();
  }

  setting::data& add(std::string_view name, target_pointer target, std::string_view help) {
    if (find(std::string{name}) != nullptr)
      domain::broken_invariant("a setting was added twice");
    auto d = std::make_unique<setting::data>();
    d->name = name;
    d->target = target;
    d->help = help;
    all.push_back(std::move(d));
    return *all.back();
  }

  void print_help(std::ostream& out) const {
    out << program << " " << version << "\n" << description << "\n\n";
    out << "Every setting is a flag, an environment variable or a line in the file, in that order of strength.\n\n";
    out << "  --help          this text\n  --version       the version\n";
    out << "  --print-config  the effective settings, secrets hidden\n";
    out << "  --config FILE   TOML file to read                      [LANDFALL_CONFIG]\n\n";
    for (const auto& s : all) {
      out << "  --" << s->name << " " << kind(*s) << "\n      " << s->help;
      if (!s->one_of.empty())
        out << "; one of " << joined(s->one_of, ", ");
      if (!s->unit.empty())
        out << "; in " << s->unit;
      if (s->range)
        out << "; " << s->range->first << " to " << s->range->second;
      out << "\n      default " << (s->secret && !is_empty(s->target) ? "***" : toml_value(s->target))
          << (s->required ? ", required" : "") << "  [" << environment_name(s->name) << "]\n";
    }
  }

  static std::string_view kind(const setting::data& s) {
    constexpr std::string_view names[] = {"TEXT", "NUMBER", "NUMBER", "NUMBER", "true|false", "TEXT..."};
    return names[s.target.index()];
  }

  void print_config(std::ostream& out) const {
    for (const auto& s : all)
      out << s->name << " = " << (s->secret && !is_empty(s->target) ? "\"***\"" : toml_value(s->target)) << "\n";
  }

  /// The library takes arguments from the last to the first.
  [[nodiscard]] strings arguments(int argc, const char* const* argv) const {
    strings out;
    for (int i = argc - 1; i > 0; --i) {
      std::string arg = argv[i];
      const bool alone = std::ranges::any_of(
          all, [&](const auto& s) { return std::holds_alternative<bool*>(s->target) && arg == "--" + s->name; });
      out.push_back(alone ? arg + "=true" : std::move(arg));
    }
    return out;
  }

  void read_flags(CLI::App& app, int argc, const char* const* argv) {
    try {
      app.parse(arguments(argc, argv));
    } catch (const CLI::ParseError& e) {
      std::string what = e.what();
      std::ranges::replace(what, '\n', ' ');
      throw bad_setting{what + "; see --help"};
    }
  }

  void read_environment() {
    for (const auto& s : all) {
      const auto variable = environment_name(s->name);
      const char* const value = std::getenv(variable.c_str());
      if (value == nullptr)
        continue;
      const bool list = std::holds_alternative<strings*>(s->target);
      assigner{*s, variable}.assign(list ? split_at_commas(value) : strings{value});
    }
  }

  void read_file(const std::string& path) {
    std::vector<CLI::ConfigItem> items;
    try {
      items = CLI::ConfigTOML{}.from_file(path);
    } catch (const CLI::Error&) {
      throw bad_setting{"config: " + path + " cannot be read; give a readable TOML file"};
    }
    strings seen;
    for (const auto& item : items) {
      if (item.name == "++" || item.name == "--")  // the parser's marks for where a section begins and ends
        continue;
      const auto name = with_dashes(item.fullname());
      const auto* const s = find(name);
      if (s == nullptr)
        throw bad_setting{item.fullname() + ": no such setting (from " + path + "); remove it or see --help"};
      if (std::ranges::find(seen, name) != seen.end())
        throw bad_setting{name + ": is given twice in " + path + "; give it once"};
      seen.push_back(name);
      assigner{*s, path}.assign(item.inputs);
    }
  }

  /// From the weakest to the strongest, each over the one before.
  void read_all(CLI::App& app, int argc, const char* const* argv) {
    read_flags(app, argc, argv);  // finds --config, and complains of unknown flags before of anything else
    if (config_path.empty()) {
      if (const char* const value = std::getenv("LANDFALL_CONFIG"))
        config_path = value;
    }
    if (!config_path.empty())
      read_file(config_path);
    read_environment();
    for (const auto& s : all) {
      if (s->flag->count() > 0)
        assigner{*s, "--" + s->name}.assign(
            std::holds_alternative<strings*>(s->target) ? split_each_at_commas(s->flag_values) : s->flag_values);
    }
  }

  void check_required() const {
    for (const auto& s : all) {
      if (s->required && is_empty(s->target))
        throw bad_setting{s->name + ": is required; give --" + s->name + " or " + environment_name(s->name)};
    }
  }
};

setting& setting::unit(std::string_view text) {
  data_->unit = text;
  return *this;
}

setting& setting::secret() {
  data_->secret = true;
  return *this;
}

setting& setting::range(std::int64_t min, std::int64_t max) {
  data_->range.emplace(min, max);
  return *this;
}

setting& setting::one_of(std::initializer_list<std::string_view> values) {
  data_->one_of.assign(values.begin(), values.end());
  return *this;
}

setting& setting::required() {
  data_->required = true;
  return *this;
}

settings::settings(std::string program, std::string description, std::string version)
    : impl_(std::make_unique<impl>()) {
  impl_->program = std::move(program);
  impl_->description = std::move(description);
  impl_->version = std::move(version);
}

settings::~settings() = default;

setting settings::add(std::string_view name, std::string& target, std::string_view help) {
  return setting{impl_->add(name, &target, help)};
}
setting settings::add(std::string_view name, std::int64_t& target, std::string_view help) {
  return setting{impl_->add(name, &target, help)};
}
setting settings::add(std::string_view name, std::uint64_t& target, std::string_view help) {
  return setting{impl_->add(name, &target, help)};
}
setting settings::add(std::string_view name, int& target, std::string_view help) {
  return setting{impl_->add(name, &target, help)};
}
setting settings::add(std::string_view name, bool& target, std::string_view help) {
  return setting{impl_->add(name, &target, help)};
}
setting settings::add(std::string_view name, std::vector<std::string>& target, std::string_view help) {
  return setting{impl_->add(name, &target, help)};
}

parse_outcome settings::parse(int argc, const char* const* argv) {
  return parse(argc, argv, std::cout, std::cerr);
}

parse_outcome settings::parse(int argc, const char* const* argv, std::ostream& out, std::ostream& err) {
  CLI::App app;
  app.set_help_flag();
  bool help = false;
  bool version = false;
  bool print_config = false;
  app.add_flag("--help,-h", help);
  app.add_flag("--version", version);
  app.add_flag("--print-config", print_config);
  impl_->config_path.clear();
  app.add_option("--config", impl_->config_path);
  for (const auto& s : impl_->all) {
    s->flag_values.clear();
    s->flag = app.add_option("--" + s->name, s->flag_values)->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    s->flag->expected(1)->allow_extra_args(false);
  }
  try {
    // --help answers with the defaults, whatever else is set.
    for (int i = 1; i < argc; ++i) {
      const std::string_view arg = argv[i];
      if (arg == "--help" || arg == "-h") {
        impl_->print_help(out);
        return parse_outcome::exit_success;
      }
    }
    impl_->read_all(app, argc, argv);
    if (version) {
      out << impl_->program << " " << impl_->version << "\n";
      return parse_outcome::exit_success;
    }
    impl_->check_required();
  } catch (const bad_setting& bad) {
    err << impl_->program << ": " << bad.line << std::endl;
    return parse_outcome::exit_failure;
  }
  if (print_config) {
    impl_->print_config(out);
    return parse_outcome::exit_success;
  }
  return parse_outcome::run;
}

parse_outcome settings::refuse(std::string_view name, std::string_view why) const {
  std::cerr << impl_->program << ": " << name << ": " << why << std::endl;
  return parse_outcome::exit_failure;
}

}  // namespace landfall::runtime
