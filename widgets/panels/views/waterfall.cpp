#include "widgets/panels/views/waterfall.h"

#include <QAccessible>
#include <QAction>
#include <QApplication>
#include <QClipboard>
#include <QEvent>
#include <QScrollBar>
#include <algorithm>
#include <climits>
#include <cmath>

namespace casebook {
namespace {

constexpr double least_view_ns = 10;      // nothing below is measurable
constexpr int scroll_steps = 1'000'000;   // of the time scroll bar
constexpr std::size_t overview_columns = 2048;
constexpr std::size_t most_cached_stretches = 4'000'000;

/// "a text contains it" for every text of the table at once; the rows then only look up ids.
std::vector<std::uint8_t> matching_texts(const StringPool& strings, const std::string& part)
{
    std::vector<std::uint8_t> hit(strings.size(), 0);
    const auto lower = [](unsigned char c) { return c >= 'A' && c <= 'Z' ? c + 32 : c; };
    const auto same = [&](char a, char b) { return lower(static_cast<unsigned char>(a)) == lower(static_cast<unsigned char>(b)); };
    for (std::size_t id = 1; id < hit.size(); ++id) {
        const std::string_view text = strings.text(static_cast<StringPool::Id>(id));
        hit[id] = std::search(text.begin(), text.end(), part.begin(), part.end(), same) != text.end();
    }
    return hit;
}

}  // namespace

Waterfall::Waterfall(QWidget* parent) : QAbstractScrollArea(parent), colors_(view_colors(palette()))
{
    setFocusPolicy(Qt::StrongFocus);
    setFrameShape(QFrame::NoFrame);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAsNeeded);  // the whole trace in sight needs none
    setVerticalScrollBarPolicy(Qt::ScrollBarAlwaysOn);
    setAccessibleName(tr("Trace waterfall"));
    setContextMenuPolicy(Qt::ActionsContextMenu);
    viewport()->setMouseTracking(true);
    viewport()->setAutoFillBackground(false);
    add_actions();
}

void Waterfall::add_actions()
{
    const auto add = [this](const QString& text, const QKeySequence& keys, auto&& act) {
        auto* action = new QAction(text, this);
        action->setShortcut(keys);
        action->setShortcutContext(Qt::WidgetShortcut);
        connect(action, &QAction::triggered, this, act);
        addAction(action);
        return action;
    };
    const auto separate = [this] { auto* line = new QAction(this); line->setSeparator(true); addAction(line); };
    add(tr("Copy Span"), QKeySequence::Copy, [this] { copy_current(); });
    add(tr("Zoom to Span"), Qt::Key_Return, [this] { if (current_ != FlatTree::none) zoom_to(current_); });
    add(tr("Show Whole Trace"), Qt::Key_0, [this] { reset_view(); });
    separate();
    add(tr("Open All Below"), Qt::Key_Asterisk, [this] {
        if (current_ == FlatTree::none) return;
        rows_.tree.set_subtree_collapsed(current_, false);
        tree_changed();
    });
    add(tr("Close All Below"), Qt::Key_Slash, [this] {
        if (current_ == FlatTree::none) return;
        rows_.tree.set_subtree_collapsed(current_, true);
        tree_changed();
    });
    separate();
    add(tr("Next Error"), Qt::Key_E, [this] { next_error(1); });
    add(tr("Previous Error"), QKeySequence(Qt::SHIFT | Qt::Key_E), [this] { next_error(-1); });
    add(tr("Next Row of the Evidence"), Qt::Key_G, [this] { next_evidence(1); });
    add(tr("Previous Row of the Evidence"), QKeySequence(Qt::SHIFT | Qt::Key_G), [this] { next_evidence(-1); });
    add(tr("Next Match"), Qt::Key_N, [this] { next_match(1); });
    add(tr("Previous Match"), QKeySequence(Qt::SHIFT | Qt::Key_N), [this] { next_match(-1); });
    separate();
    QAction* critical = add(tr("Critical Path"), Qt::Key_C, [] {});
    critical->setCheckable(true);
    critical->setChecked(true);
    critical->setObjectName(QStringLiteral("criticalPath"));
    connect(critical, &QAction::toggled, this, &Waterfall::set_critical_path_shown);
}

void Waterfall::set_trace(std::shared_ptr<const SpanTable> spans, std::size_t trace_index)
{
    spans_ = std::move(spans);
    rows_ = spans_ && trace_index < spans_->traces.size() ? TraceRows(*spans_, trace_index) : TraceRows();
    covered_.clear();
    covered_stretches_ = 0;
    critical_.clear();
    service_numbers_.clear();
    evidence_.clear();
    evidence_marks_.clear();
    matches_.clear();
    match_marks_.clear();
    open_spans_ = rows_.open_spans(overview_columns);
    current_ = FlatTree::none;
    view_from_ = 0;
    view_to_ = static_cast<double>(rows_.end_ns() - rows_.start_ns());
    update_scroll_bars();
    verticalScrollBar()->setValue(0);
    if (!rows_.empty()) select(0);
    viewport()->update();
}

void Waterfall::set_evidence(const std::vector<Row>& rows)
{
    evidence_.clear();
    evidence_marks_.assign(rows_.size(), 0);
    for (const Row row : rows) {
        const Node node = rows_.node_of(row);
        if (node == FlatTree::none || evidence_marks_[node]) continue;
        evidence_marks_[node] = 1;
        evidence_.push_back(node);
    }
    std::sort(evidence_.begin(), evidence_.end());
    if (rows_.tree.reveal(evidence_)) tree_changed();
    if (!evidence_.empty()) go_to(evidence_.front());
    viewport()->update();
}

void Waterfall::set_critical_path(std::vector<CriticalStretch> stretches)
{
    critical_.clear();
    std::sort(stretches.begin(), stretches.end(), [](const auto& a, const auto& b) { return a.from_ns < b.from_ns; });
    for (const CriticalStretch& stretch : stretches)
        if (stretch.to_ns > stretch.from_ns) critical_[stretch.row].emplace_back(stretch.from_ns, stretch.to_ns);
    viewport()->update();
}

void Waterfall::set_critical_path_shown(bool shown)
{
    critical_shown_ = shown;
    if (auto* action = findChild<QAction*>(QStringLiteral("criticalPath"))) action->setChecked(shown);
    viewport()->update();
}

void Waterfall::set_time_zone(TimeZoneMode mode)
{
    zone_ = mode;
    viewport()->update();
}

void Waterfall::set_category_numbers(std::shared_ptr<CategoryNumbers> numbers)
{
    numbers_ = std::move(numbers);
    service_numbers_.clear();
    viewport()->update();
}

std::size_t Waterfall::find(const QString& text)
{
    matches_.clear();
    match_marks_.clear();
    viewport()->update();
    if (text.isEmpty() || rows_.empty()) return 0;
    const SpanTable& spans = *spans_;
    const std::vector<std::uint8_t> hit = matching_texts(spans.strings, text.toStdString());
    match_marks_.assign(rows_.size(), 0);
    for (Node node = 0; node < rows_.size(); ++node) {
        const Row row = rows_.row(node);
        bool found = hit[spans.service[row]] || hit[spans.operation[row]] || hit[spans.name[row]] || hit[spans.statement[row]];
        for (std::uint32_t i = spans.attribute_begin[row]; !found && i < spans.attribute_begin[row + 1]; ++i)
            found = hit[spans.attribute_value[i]] || hit[spans.attribute_key[i]];
        if (!found) continue;
        match_marks_[node] = 1;
        matches_.push_back(node);
    }
    return matches_.size();
}

std::optional<Waterfall::Row> Waterfall::current_row() const
{
    if (current_ == FlatTree::none) return {};
    return rows_.row(current_);
}

void Waterfall::select(Node node)
{
    current_ = node;
    describe_current();
    viewport()->update();
    emit current_changed(rows_.row(node));
}

void Waterfall::describe_current()
{
    setAccessibleDescription(span_line(current_));
    QAccessibleEvent event(this, QAccessible::DescriptionChanged);
    QAccessible::updateAccessibility(&event);
}

void Waterfall::go_to(Node node)
{
    if (node >= rows_.size()) return;
    if (rows_.tree.reveal({node})) tree_changed();
    const int top = static_cast<int>(rows_.tree.row_of(node)) * row_height();
    const int page = viewport()->height() - header_height();
    const int value = verticalScrollBar()->value();
    if (top < value || top + row_height() > value + page) {
        // A step over the edge scrolls by a row; a jump puts the row into the middle.
        const bool near = top + row_height() >= value - row_height() && top <= value + page + row_height();
        const int edge = top < value ? top : top + row_height() - page;
        verticalScrollBar()->setValue(near ? edge : top - page / 2);
    }
    select(node);
}

void Waterfall::tree_changed()
{
    update_scroll_bars();
    if (current_ != FlatTree::none) {
        if (rows_.tree.is_visible(current_)) describe_current();
        else select(rows_.tree.at(rows_.tree.row_of(current_)));
    }
    viewport()->update();
}

void Waterfall::set_collapsed(Node node, bool collapsed)
{
    rows_.tree.set_collapsed(node, collapsed);
    tree_changed();
}

void Waterfall::expand_all()
{
    rows_.tree.expand_all();
    tree_changed();
}

void Waterfall::collapse_below(std::uint32_t depth)
{
    rows_.tree.collapse_from(depth);
    tree_changed();
}

void Waterfall::move_current(std::int64_t by)
{
    if (rows_.empty()) return;
    const auto last = static_cast<std::int64_t>(rows_.tree.visible_count()) - 1;
    const auto row = current_ == FlatTree::none ? 0 : static_cast<std::int64_t>(rows_.tree.row_of(current_));
    go_to(rows_.tree.at(static_cast<std::size_t>(std::clamp<std::int64_t>(row + by, 0, last))));
}

void Waterfall::next_of(const std::vector<Node>& nodes, int direction)
{
    if (nodes.empty()) return;
    if (direction > 0) {
        const auto next = std::upper_bound(nodes.begin(), nodes.end(), current_ == FlatTree::none ? 0 : current_);
        go_to(next == nodes.end() ? nodes.front() : *next);
    } else {
        const auto next = std::lower_bound(nodes.begin(), nodes.end(), current_ == FlatTree::none ? 0 : current_);
        go_to(next == nodes.begin() ? nodes.back() : *(next - 1));
    }
}

void Waterfall::next_match(int direction) { next_of(matches_, direction); }
void Waterfall::next_evidence(int direction) { next_of(evidence_, direction); }

void Waterfall::next_error(int direction)
{
    const std::size_t size = rows_.size();
    for (std::size_t step = 1; step <= size; ++step) {
        const std::size_t from = current_ == FlatTree::none ? 0 : current_;
        const std::size_t node = direction > 0 ? (from + step) % size : (from + size - step) % size;
        if (rows_.is_error(static_cast<Node>(node))) return go_to(static_cast<Node>(node));
    }
}

void Waterfall::copy_current()
{
    if (current_ != FlatTree::none) QApplication::clipboard()->setText(span_text(current_));
}

void Waterfall::set_view(double from, double to)
{
    const double whole = static_cast<double>(rows_.end_ns() - rows_.start_ns());
    if (!std::isfinite(from) || !std::isfinite(to)) return;
    const double width = std::clamp(to - from, std::min(least_view_ns, whole), whole);
    view_from_ = std::clamp(from, 0.0, whole - width);
    view_to_ = view_from_ + width;
    update_scroll_bars();
    viewport()->update();
    emit view_changed(view_from_, view_to_);
}

void Waterfall::reset_view() { set_view(0, static_cast<double>(rows_.end_ns() - rows_.start_ns())); }

void Waterfall::zoom(double factor, double around)
{
    const double width = (view_to_ - view_from_) / factor;
    const double left = (around - view_from_) / (view_to_ - view_from_);
    set_view(around - left * width, around + (1 - left) * width);
}

void Waterfall::zoom_to(Node node)
{
    const auto from = static_cast<double>(rows_.offset_ns(node));
    const auto width = std::max(static_cast<double>(rows_.duration_ns(node)), least_view_ns);
    set_view(from - width * 0.05, from + width * 1.05);
}

void Waterfall::update_scroll_bars()
{
    updating_scroll_ = true;
    const int page = std::max(1, viewport()->height() - header_height());
    const auto height = static_cast<std::int64_t>(rows_.tree.visible_count()) * row_height();
    verticalScrollBar()->setPageStep(page);
    verticalScrollBar()->setSingleStep(row_height());
    verticalScrollBar()->setRange(0, static_cast<int>(std::clamp<std::int64_t>(height - page, 0, INT_MAX)));
    const double whole = static_cast<double>(rows_.end_ns() - rows_.start_ns());
    const double share = (view_to_ - view_from_) / whole;
    const int step = std::max(1, static_cast<int>(share * scroll_steps));
    horizontalScrollBar()->setPageStep(step);
    horizontalScrollBar()->setSingleStep(std::max(1, step / 20));
    horizontalScrollBar()->setRange(0, std::max(0, scroll_steps - step));
    horizontalScrollBar()->setValue(static_cast<int>(view_from_ / whole * scroll_steps));
    updating_scroll_ = false;
}

void Waterfall::scrollContentsBy(int dx, int)
{
    if (updating_scroll_) return;
    if (dx != 0) {
        const double whole = static_cast<double>(rows_.end_ns() - rows_.start_ns());
        const double from = whole * horizontalScrollBar()->value() / scroll_steps;
        const double width = view_to_ - view_from_;
        view_from_ = std::clamp(from, 0.0, whole - width);
        view_to_ = view_from_ + width;
        emit view_changed(view_from_, view_to_);
    }
    viewport()->update();
}

void Waterfall::resizeEvent(QResizeEvent* event)
{
    QAbstractScrollArea::resizeEvent(event);
    if (label_width_ == 0) label_width_ = std::clamp(viewport()->width() * 2 / 5, 120, 420);
    label_width_ = std::clamp(label_width_, 60, std::max(60, viewport()->width() - 80));
    update_scroll_bars();
}

void Waterfall::changeEvent(QEvent* event)
{
    QAbstractScrollArea::changeEvent(event);
    if (event->type() == QEvent::PaletteChange || event->type() == QEvent::StyleChange) {
        colors_ = view_colors(palette());
        viewport()->update();
    } else if (event->type() == QEvent::FontChange) {
        update_scroll_bars();
    }
}

const TraceRows::Intervals& Waterfall::covered(Node node)
{
    const auto found = covered_.find(node);
    if (found != covered_.end()) return found->second;
    if (covered_stretches_ > most_cached_stretches || covered_.size() > 100'000) {
        covered_.clear();
        covered_stretches_ = 0;
    }
    TraceRows::Intervals& stretches = covered_[node];
    stretches = rows_.covered_by_children(node);
    covered_stretches_ += stretches.size();
    return stretches;
}

const QColor& Waterfall::service_color(Node node)
{
    const SpanTable::Id id = spans_->service[rows_.row(node)];
    const auto found = service_numbers_.find(id);
    if (found != service_numbers_.end()) return colors_.category(found->second);
    const std::size_t number = numbers_->number(service_text(node));
    service_numbers_.emplace(id, number);
    return colors_.category(number);
}

}  // namespace casebook
