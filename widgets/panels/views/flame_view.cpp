#include "widgets/panels/views/flame_view.h"

#include "analyzers/core/text.h"
#include "widgets/charts/picture.h"
#include "widgets/models/views/trace_table.h"
#include "widgets/panels/views/flame_graph.h"
#include "widgets/panels/views/span_lookup.h"
#include "widgets/qt_text.h"
#include "widgets/session/session.h"

#include <QAction>
#include <QCheckBox>
#include <QComboBox>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QSettings>
#include <QSignalBlocker>
#include <algorithm>
#include <map>
#include <set>

namespace casebook {
namespace {

const QString bottom_setting = QStringLiteral("flame/root_at_bottom");

}  // namespace

const char* FlameView::profile_query() { return "SELECT p.kind, p.stack, p.value, p.unit, f.path AS file FROM profile p LEFT JOIN import_file f ON f.id = p.file_id"; }

int FlameView::suits(const Evidence& evidence)
{
    if (evidence.view == "flame") return 100;
    return evidence.source == "profile" && evidence.sql.find("stack") != std::string::npos && evidence.view == "table" ? 50 : 0;
}

FlameView::FlameView(Session& session, QWidget* parent)
    : QueryView(session, parent), note_(new QLabel), kinds_(new QComboBox), search_(new QLineEdit), found_(new QLabel), whole_(new QPushButton(tr("Show everything"))),
      bottom_(new QCheckBox(tr("Root at the bottom"))), graph_(new FlameGraph)
{
    search_->setPlaceholderText(tr("Find functions or operations"));
    search_->setClearButtonEnabled(true);
    search_->setMaximumWidth(280);
    search_->setAccessibleName(tr("Find in the flame graph"));
    kinds_->setAccessibleName(tr("Kind of profile"));
    note_->setWordWrap(true);
    auto* body = new QWidget;
    auto* lines = new QVBoxLayout(body);
    lines->setContentsMargins(0, 0, 0, 0);
    lines->setSpacing(0);
    auto* head = new QHBoxLayout;
    head->setContentsMargins(8, 4, 4, 4);
    head->addWidget(kinds_);
    head->addWidget(search_, 1);
    head->addWidget(found_);
    head->addStretch();
    head->addWidget(bottom_);
    head->addWidget(whole_);
    lines->addLayout(head);
    note_->setContentsMargins(8, 0, 8, 4);
    lines->addWidget(note_);
    lines->addWidget(graph_, 1);
    body->setFocusProxy(graph_);
    add_picture_actions(*graph_, *graph_->viewport(), [this](const QString& what) { this->session().tell({Message::Kind::error, what, {}}); });
    set_body(body);
    set_empty_hint(tr("No profile in the case. Import folded stacks (async-profiler -o collapsed, perf script | stackcollapse-perf) or a pprof file."));
    connect(kinds_, &QComboBox::currentIndexChanged, this, &FlameView::show_kind);
    connect(search_, &QLineEdit::textChanged, this, [this](const QString& text) {
        const double share = graph_->find(text);
        found_->setText(text.isEmpty() ? QString() : tr("%1 of the whole").arg(QString::fromStdString(format_percent(share))));
    });
    search_->setToolTip(tr("Enter goes to the next match"));
    connect(search_, &QLineEdit::returnPressed, graph_, &FlameGraph::go_to_next_match);
    whole_->setToolTip(tr("Zoom out to all stacks (Escape or 0)"));
    whole_->setEnabled(false);
    connect(whole_, &QPushButton::clicked, this, [this] { graph_->zoom_to(FlameData::none); });
    connect(graph_, &FlameGraph::zoom_changed, this, [this] { whole_->setEnabled(!graph_->shows_everything()); });
    bottom_->setToolTip(tr("On: callers below, as flame graphs have it. Off: callers on top, as an icicle"));
    connect(bottom_, &QCheckBox::toggled, this, [this](bool on) {
        graph_->set_root_on_top(!on);
        QSettings().setValue(bottom_setting, on);
    });
    bottom_->setChecked(QSettings().value(bottom_setting).toBool());
    auto* find = new QAction(tr("Find"), this);
    find->setShortcut(QKeySequence::Find);
    find->setShortcutContext(Qt::WidgetWithChildrenShortcut);
    connect(find, &QAction::triggered, this, [this] { search_->setFocus(); search_->selectAll(); });
    addAction(find);
    connect(&session, &Session::selectionChanged, this, [this] {
        const Selection& selection = this->session().selection();
        if (evidence().sql.empty() && graph_->data() != nullptr && (selection.service != service_ || selection.operation != operation_)) show_spans();
    });
}

void FlameView::load()
{
    if (evidence().sql.empty()) show_spans();
    else QueryView::load();
}

void FlameView::show_spans()
{
    kinds_->hide();
    service_ = session().selection().service;
    operation_ = session().selection().operation;
    slot_ = session().spans(this, [this](Result<std::shared_ptr<const SpanTable>> spans) {
        if (!spans) return show_error(spans.error());
        if ((*spans)->empty()) return show_hint(tr("No traces in the case. Import OTLP, Jaeger or Zipkin files: drop them on the window."));
        slot_ = session().compute<std::shared_ptr<const FlameData>>(
            tr("Merge the traces"),
            [spans = *spans, filter = TraceFilter{service_, operation_, {}}](const Control&) -> Result<std::shared_ptr<const FlameData>> {
                std::vector<SpanTable::Row> roots = request_rows(*spans, filter);
                if (roots.empty()) roots = request_rows(*spans, {});
                return flame_of_spans(spans, roots);
            },
            this,
            [this](Result<std::shared_ptr<const FlameData>> data) {
                if (!data) return show_error(data.error());
                QString of = service_.empty() ? tr("all requests") : to_qt(service_) + QLatin1Char(' ') + to_qt(operation_);
                show(std::move(*data), tr("Own time of %1, merged").arg(of.trimmed()));
            });
    });
}

void FlameView::show_rows(std::shared_ptr<const QueryResult> rows)
{
    rows_ = std::move(rows);
    // Of one kind and unit all files together, then each on its own: samples and bytes have no sum.
    std::map<std::pair<std::string, std::string>, std::set<std::string>> profiles;
    const auto kind = column_of(*rows_, "kind"), unit = column_of(*rows_, "unit"), file = column_of(*rows_, "file");
    const auto text = [](const std::vector<Value>& row, std::optional<std::size_t> column) { return column ? to_text(row[*column]) : std::string(); };
    for (const auto& row : rows_->rows) profiles[{text(row, kind), text(row, unit)}].insert(text(row, file));
    const QSignalBlocker quiet(kinds_);
    kinds_->clear();
    choices_.clear();
    const auto add = [this](const QString& name, Choice choice) {
        kinds_->addItem(name);
        choices_.push_back(std::move(choice));
    };
    for (const auto& [of, files] : profiles) {
        const QString name = to_qt(of.first) + (of.second.empty() ? QString() : QStringLiteral(" (%1)").arg(to_qt(of.second)));
        add(files.size() > 1 ? tr("%1, all %2 files").arg(name).arg(files.size()) : name, {of.first, of.second, {}});
        if (files.size() > 1)
            for (const std::string& path : files) add(tr("%1, %2").arg(name, to_qt(path.substr(path.find_last_of('/') + 1))), {of.first, of.second, path});
    }
    kinds_->setVisible(choices_.size() > 1);
    show_kind();
}

void FlameView::show_kind()
{
    const int index = std::max(0, kinds_->currentIndex());
    if (!rows_ || static_cast<std::size_t>(index) >= choices_.size()) return;
    const auto stack = column_of(*rows_, "stack"), value = column_of(*rows_, "value"), kind = column_of(*rows_, "kind"), unit = column_of(*rows_, "unit"), file = column_of(*rows_, "file");
    if (!stack || !value) return show_hint(tr("These rows have no stacks."));
    const Choice& wanted = choices_[static_cast<std::size_t>(index)];
    std::vector<FoldedStack> stacks;
    for (const auto& row : rows_->rows) {
        if ((kind && to_text(row[*kind]) != wanted.kind) || (unit && to_text(row[*unit]) != wanted.unit) || (!wanted.file.empty() && file && to_text(row[*file]) != wanted.file)) continue;
        double amount = 0;
        if (const auto* whole = std::get_if<std::int64_t>(&row[*value])) amount = static_cast<double>(*whole);
        else if (const auto* real = std::get_if<double>(&row[*value])) amount = *real;
        stacks.push_back({to_text(row[*stack]), amount});
    }
    const auto count = static_cast<std::int64_t>(stacks.size());
    const QString unit_name = wanted.unit.empty() ? tr("samples") : to_qt(wanted.unit);
    slot_ = session().compute<std::shared_ptr<const FlameData>>(
        tr("Merge the stacks"),
        [stacks = std::move(stacks), unit_name](const Control&) -> Result<std::shared_ptr<const FlameData>> { return flame_of_stacks(stacks, unit_name); }, this,
        [this, count](Result<std::shared_ptr<const FlameData>> data) {
            if (!data) return show_error(data.error());
            show(std::move(*data), tr("%1 stacks").arg(count_text(count)));
        });
}

void FlameView::show(std::shared_ptr<const FlameData> data, const QString& note)
{
    if (data->empty()) return show_hint(tr("The stacks have no samples."));
    show_body();
    note_->setText(note + tr(". Width is cost. A click zooms, Escape shows everything."));
    graph_->set_data(std::move(data));
    if (!search_->text().isEmpty()) graph_->find(search_->text());
}

QString FlameView::copyText() const
{
    const FlameData* data = graph_->data();
    if (data == nullptr || graph_->current() == FlameData::none) return {};
    return graph_->node_text(graph_->current());
}

}  // namespace casebook
