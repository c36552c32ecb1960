#include "widgets/panels/views/heap_view.h"

#include "widgets/charts/picture.h"
#include "widgets/panels/views/data_table.h"
#include "widgets/panels/views/snapshot_picker.h"
#include "widgets/panels/views/treemap.h"
#include "widgets/qt_text.h"
#include "widgets/session/session.h"

#include <QSplitter>
#include <QVBoxLayout>

namespace casebook {

const char* HeapView::query()
{
    return "SELECT h.file_id, h.at_ns, h.class, h.instances, h.bytes, f.path FROM heap_class h LEFT JOIN import_file f ON f.id = h.file_id";
}

HeapView::HeapView(Session& session, QWidget* parent) : QueryView(session, parent), picker_(new SnapshotPicker({})), table_(new DataTable), map_(new Treemap)
{
    auto* splitter = new QSplitter(Qt::Horizontal);
    splitter->addWidget(table_);
    splitter->addWidget(map_);
    splitter->setStretchFactor(0, 2);
    splitter->setStretchFactor(1, 1);
    splitter->setSizes({680, 320});
    auto* body = new QWidget;
    auto* lines = new QVBoxLayout(body);
    lines->setContentsMargins(0, 0, 0, 0);
    lines->setSpacing(0);
    lines->addWidget(picker_);
    lines->addWidget(splitter, 1);
    body->setFocusProxy(table_);
    set_body(body);
    set_empty_hint(tr("No class histograms in the case. `jmap -histo:live PID > histo-1.txt` takes one; two or more show what grows."));
    add_picture_actions(*map_, *map_, [this](const QString& what) { this->session().tell({Message::Kind::error, what, {}}); });
    connect(picker_, &SnapshotPicker::picked, this, &HeapView::show_diff);
    connect(table_, &DataTable::failed, this, [this](const QString& what) { this->session().tell({Message::Kind::error, what, {}}); });
    connect(table_, &DataTable::current_row_changed, this, [this](quint32 row) {
        if (const TableData* table = table_->model().table()) map_->set_current(to_qt(table->columns.front().texts[row]));
    });
    connect(map_, &Treemap::item_clicked, this, [this](const QString& name) {
        const TableData* table = table_->model().table();
        for (std::uint32_t row = 0; table != nullptr && row < table->rows; ++row)
            if (to_qt(table->columns.front().texts[row]) == name) return table_->go_to(row);
    });
}

void HeapView::show_rows(std::shared_ptr<const QueryResult> rows)
{
    data_.emplace(std::move(rows));
    name_snapshots();
}

void HeapView::name_snapshots()
{
    if (!data_) return;
    QStringList names;
    for (const HeapData::Snapshot& snapshot : data_->snapshots()) {
        const QString time = snapshot.at_ns ? instant_text(*snapshot.at_ns, zone_, 0) + QLatin1Char(' ') + zone_text(zone_, *snapshot.at_ns)
                                            : to_qt(snapshot.path.substr(snapshot.path.find_last_of('/') + 1));
        names += tr("%1, %2").arg(time, bytes_text(static_cast<double>(snapshot.bytes)));
    }
    picker_->set_snapshots(names);
}

void HeapView::show_diff()
{
    if (!data_) return;
    const auto before = static_cast<std::size_t>(std::max(0, picker_->before())), after = static_cast<std::size_t>(std::max(0, picker_->after()));
    table_->set_table(data_->diff(before, after));
    std::vector<Treemap::Item> items;
    for (const HeapData::ClassSize& one : data_->sizes(before, after)) {
        items.push_back({to_qt(one.name), static_cast<double>(one.bytes), exact_bytes_text(one.bytes)});
        if (before != after) items.back().before = static_cast<double>(one.before);
    }
    map_->set_items(std::move(items), before == after ? tr("Size of classes (bytes)") : tr("Size (bytes); colour: growth"));
    if (table_->model().rowCount() > 0) table_->go_to(0);
}

void HeapView::set_time_zone(TimeZoneMode zone)
{
    zone_ = zone;
    if (!data_) return;
    const int before = picker_->before(), after = picker_->after();
    name_snapshots();
    picker_->pick(before, after);
}

QString HeapView::copyText() const { return table_->selected_text(true); }

}  // namespace casebook
