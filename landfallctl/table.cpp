#include "landfallctl/table.hpp"

#include <algorithm>
#include <iomanip>
#include <ostream>
#include <pqxx/pqxx>
#include <string>
#include <vector>

#include "common/json/writer.hpp"

namespace landfall::ctl {

namespace {

/// PostgreSQL's object ids of the types that JSON has too.
enum : pqxx::oid { type_bool = 16, type_int2 = 21, type_int4 = 23, type_json = 114, type_jsonb = 3802 };

std::string text_of(const pqxx::field& field) {
  if (field.is_null())
    return "-";
  if (field.type() == type_bool)
    return field.as<bool>() ? "yes" : "no";
  return field.c_str();
}

}  // namespace

void print_table(std::ostream& out, const pqxx::result& rows) {
  std::vector<std::size_t> widths;
  for (pqxx::row_size_type c = 0; c < rows.columns(); ++c) {
    std::size_t width = std::string{rows.column_name(c)}.size();
    for (const auto& row : rows)
      width = std::max(width, text_of(row[c]).size());
    widths.push_back(width);
  }
  const auto line = [&](auto&& cell) {
    for (pqxx::row_size_type c = 0; c < rows.columns(); ++c) {
      if (c > 0)
        out << "  ";
      if (c + 1 == rows.columns())
        out << cell(c);
      else
        out << std::left << std::setw(static_cast<int>(widths[static_cast<std::size_t>(c)])) << cell(c);
    }
    out << '\n';
  };
  line([&](pqxx::row_size_type c) { return std::string{rows.column_name(c)}; });
  for (const auto& row : rows)
    line([&](pqxx::row_size_type c) { return text_of(row[c]); });
}

void print_record(std::ostream& out, const pqxx::row& row) {
  std::size_t width = 0;
  for (const auto& field : row)
    width = std::max(width, std::string{field.name()}.size());
  for (const auto& field : row)
    out << std::left << std::setw(static_cast<int>(width)) << field.name() << "  " << text_of(field) << '\n';
}

void print_json(std::ostream& out, const pqxx::result& rows) {
  json::writer w;
  w.begin_array();
  for (const auto& row : rows) {
    w.begin_object();
    for (const auto& field : row) {
      w.key(field.name());
      if (field.is_null())
        w.null();
      else if (field.type() == type_bool)
        w.boolean(field.as<bool>());
      else if (field.type() == type_int2 || field.type() == type_int4)
        w.raw_number(field.c_str());
      else if (field.type() == type_json || field.type() == type_jsonb)
        w.raw_json(field.c_str());
      else
        w.string(field.c_str());
    }
    w.end_object();
  }
  out << w.end_array().take() << '\n';
}

}  // namespace landfall::ctl
