#include "analyzers/importers/support/table_reader.h"

#include "analyzers/core/text.h"

#include <algorithm>

namespace casebook {
namespace {

constexpr std::size_t layout_bytes = 64u << 10;  // as much as a sniffer sees

class DelimitedTable final : public TableReader {
public:
    DelimitedTable(Source& source, TableLayout layout) : TableReader(std::move(layout)), source_(source) {}

    Result<bool> next() override
    {
        if (!reader_) {
            while (source_.line_number() < layout_.preamble_lines) {
                TRY_ASSIGN(const auto line, source_.line());
                if (!line) return false;
            }
            reader_.emplace(source_, layout_.dialect);
            if (!headerless_) {
                TRY_ASSIGN(const bool header, reader_->next());
                if (!header) return false;
            }
        }
        for (;;) {
            TRY_ASSIGN(const bool there, reader_->next());
            if (!there) return false;
            line_ = layout_.preamble_lines + reader_->line();
            cells_ = reader_->cells();
            if (cells_.size() == 1 && (trim(cells_.front()).empty() || is_psql_chatter(cells_.front()))) continue;
            if (is_header()) continue;
            TRY(mend());
            return true;
        }
    }

private:
    bool is_header() const
    {
        return !headerless_ && cells_.size() == layout_.columns.size() &&
               std::equal(cells_.begin(), cells_.end(), layout_.columns.begin());
    }

    /// Makes the cells as many as the columns where the framing allows it, else marks the row ragged.
    Status mend()
    {
        const std::size_t wanted = layout_.columns.size();
        while (cells_.size() > wanted && trim(cells_.back()).empty()) cells_.pop_back();
        if (!layout_.dialect.quoted && !layout_.dialect.escapes) {
            if (cells_.size() < wanted && absorbing_ != npos) TRY(join_lines(wanted));
            if (cells_.size() > wanted && absorbing_ < wanted) join_cells(wanted);
        }
        ragged_ = cells_.size() != wanted || reader_->broken_quote();
        return {};
    }

    /// Without quotes a value with line ends is spread over lines: add lines while the row lacks cells. A row that
    /// is cut short for another reason is not continued by the next row, which brings too many cells.
    Status join_lines(std::size_t wanted)
    {
        if (cells_.size() <= absorbing_) return {};
        joined_.assign(cells_.begin(), cells_.end());
        while (joined_.size() < wanted) {
            TRY_ASSIGN(const auto ahead, source_.window(1));
            CsvRecord record;
            const std::string_view line =
                ahead.substr(0, ahead.find('\n') == std::string_view::npos ? ahead.size() : ahead.find('\n') + 1);
            if (line.empty() || is_psql_chatter(line)) break;
            record.parse(line, true, layout_.dialect);
            if (joined_.size() - 1 + record.cells().size() > wanted) break;
            TRY_ASSIGN(const bool there, reader_->next());
            if (!there) break;
            joined_.back().append("\n").append(reader_->cells().front());
            joined_.insert(joined_.end(), reader_->cells().begin() + 1, reader_->cells().end());
        }
        cells_.assign(joined_.begin(), joined_.end());
        return {};
    }

    /// Separators in excess belong to the text column.
    void join_cells(std::size_t wanted)
    {
        const std::size_t excess = cells_.size() - wanted;
        std::string text(cells_[absorbing_]);
        for (std::size_t i = 1; i <= excess; ++i) (text += layout_.dialect.delimiter) += cells_[absorbing_ + i];
        absorbed_ = std::move(text);
        cells_.erase(cells_.begin() + static_cast<std::ptrdiff_t>(absorbing_) + 1,
                     cells_.begin() + static_cast<std::ptrdiff_t>(absorbing_ + excess) + 1);
        cells_[absorbing_] = absorbed_;
    }

    Source& source_;
    std::optional<CsvReader> reader_;
    std::vector<std::string> joined_;
    std::string absorbed_;
};

}  // namespace

void TableReader::header_is_data(std::vector<std::string> columns)
{
    headerless_ = true;
    layout_.columns = std::move(columns);
}

Result<std::unique_ptr<TableReader>> TableReader::open(Source& source)
{
    TRY_ASSIGN(const std::string_view head, source.window(layout_bytes));
    TableLayout layout = table_layout(head.substr(0, layout_bytes), head.size() < layout_bytes);
    if (layout.columns_cut) {
        // A header wider than what a sniffer sees: some thousand series side by side.
        TRY_ASSIGN(const std::string_view longer, source.window(std::size_t{16} << 20));
        layout = table_layout(longer.substr(0, std::size_t{16} << 20), longer.size() < (std::size_t{16} << 20));
    }
    switch (layout.framing) {
    case TableFraming::delimited: return delimited_table(source, std::move(layout));
    case TableFraming::aligned: return aligned_table(source, std::move(layout));
    case TableFraming::expanded:
    case TableFraming::expandedUnaligned: return expanded_table(source, std::move(layout));
    case TableFraming::json: return json_table(source, std::move(layout));
    case TableFraming::none: break;
    }
    return fail(Error::Code::notUnderstood, "the input holds no table",
                "expected a header line and rows: CSV, psql output, or JSON objects");
}

std::unique_ptr<TableReader> delimited_table(Source& source, TableLayout layout)
{
    return std::make_unique<DelimitedTable>(source, std::move(layout));
}

}  // namespace casebook
