#pragma once

#include "widgets/models/views/heap_data.h"
#include "widgets/panels/views/query_view.h"

#include <optional>

namespace casebook {

class DataTable;
class SnapshotPicker;
class Treemap;

/// Classes on the heap: what grew between two histograms, each class with its size over all of them, and a treemap of
/// the later one.
class HeapView : public QueryView {
    Q_OBJECT
public:
    HeapView(Session& session, QWidget* parent);
    QString copyText() const override;
    DataTable& table() { return *table_; }
    SnapshotPicker& picker() { return *picker_; }

    static const char* query();

protected:
    void show_rows(std::shared_ptr<const QueryResult> rows) override;
    void set_time_zone(TimeZoneMode zone) override;

private:
    void name_snapshots();
    void show_diff();

    std::optional<HeapData> data_;
    TimeZoneMode zone_ = TimeZoneMode::utc;
    SnapshotPicker* picker_;
    DataTable* table_;
    Treemap* map_;
};

}  // namespace casebook
