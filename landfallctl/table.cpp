#include "landfallctl/table.hpp"

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <algorithm>
#include <iomanip>
#include <ostream>
#include <pqxx/pqxx>
#include <string>
#include <vector>

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
  rapidjson::StringBuffer buffer;
  rapidjson::Writer<rapidjson::StringBuffer> json{buffer};
  json.StartArray();
  for (const auto& row : rows) {
    json.StartObject();
    for (const auto& field : row) {
      json.Key(field.name());
      const std::string value = field.is_null() ? "" : field.c_str();
      if (field.is_null())
        json.Null();
      else if (field.type() == type_bool)
        json.Bool(field.as<bool>());
      else if (field.type() == type_int2 || field.type() == type_int4)
        json.RawValue(value.c_str(), value.size(), rapidjson::kNumberType);
      else if (field.type() == type_json || field.type() == type_jsonb)
        json.RawValue(value.c_str(), value.size(), rapidjson::kObjectType);
      else
        json.String(value.c_str(), static_cast<rapidjson::SizeType>(value.size()));
    }
    json.EndObject();
  }
  json.EndArray();
  out << buffer.GetString() << '\n';
}

}  // namespace landfall::ctl
