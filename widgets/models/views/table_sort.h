#pragma once

#include "widgets/models/views/table_data.h"

#include <cstdint>
#include <vector>

namespace casebook {

/// Orders rows by the value of a column, NULL last either way, equal values in the order the table has them.
/// `rows` are indices into the table. A million rows take about a tenth of a second.
void sort_rows(const TableColumn& column, bool descending, std::vector<std::uint32_t>& rows);

}  // namespace casebook
