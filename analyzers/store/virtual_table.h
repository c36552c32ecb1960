#pragma once

#include "analyzers/core/result.h"
#include "analyzers/store/database.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

struct sqlite3_context;

namespace casebook {

/// Where a virtual table puts the value of one column. Texts are copied.
class ColumnSink {
public:
    explicit ColumnSink(sqlite3_context* context) : context_(context) {}
    void set(std::int64_t value);
    void set(double value);
    void set(std::string_view text);
    void set_null();
private:
    sqlite3_context* context_;
};

class VirtualCursor {
public:
    virtual ~VirtualCursor() = default;
    virtual bool at_end() const = 0;
    virtual void advance() = 0;
    virtual void column(int index, ColumnSink& sink) const = 0;
};

/// A read-only table whose rows are made on demand.
class VirtualTable {
public:
    virtual ~VirtualTable() = default;
    /// Column list of a CREATE TABLE: "trace_id TEXT, start_ns INTEGER".
    virtual std::string declaration() const = 0;
    /// Columns for which `column = value` can be looked up; a cursor may get any subset of them.
    virtual std::vector<int> key_columns() const = 0;
    /// A cursor over the rows that satisfy all of `equal` (column, value). SQLite checks the conditions again.
    virtual Result<std::unique_ptr<VirtualCursor>> open(const std::vector<std::pair<int, Value>>& equal) = 0;
};

/// Makes the table readable under `name` on this connection, without any schema entry.
Status add_virtual_table(Database& database, const char* name, std::shared_ptr<VirtualTable> table);

/// A deterministic scalar function on this connection; an empty Result is reported as an SQL error.
Status add_function(Database& database, const char* name, int arguments,
                    std::function<Result<Value>(const std::vector<Value>&)> function);

/// An aggregate over (x, p): exact percentile p in 0..100 of x, NULLs skipped.
Status add_percentile(Database& database, const char* name,
                      double (*compute)(std::vector<double> values, double p));

}  // namespace casebook
