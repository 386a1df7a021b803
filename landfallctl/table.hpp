#pragma once

#include <iosfwd>
#include <pqxx/result>

namespace landfall::ctl {

/// Rows as a table for people: a line of column names, then one line a row.
void print_table(std::ostream& out, const pqxx::result& rows);

/// One row as lines "name  value".
void print_record(std::ostream& out, const pqxx::row& row);

/// Rows as a JSON array of objects. Numbers up to 53 bits, booleans, nulls and JSON columns keep their type; amounts,
/// prices and everything else are strings.
void print_json(std::ostream& out, const pqxx::result& rows);

}  // namespace landfall::ctl
