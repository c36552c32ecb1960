#pragma once

#include "widgets/panels/views/waterfall.h"

#include <QWidget>
#include <memory>
#include <optional>
#include <vector>

class QAction;
class QGridLayout;
class QLabel;
class QLineEdit;
class QSplitter;
class QToolBar;

namespace casebook {

class SpanDetail;

/// One trace: title and services, search, the waterfall, and the span under the cursor in full.
class TracePane : public QWidget {
    Q_OBJECT
public:
    explicit TracePane(QWidget* parent = nullptr);

    /// `critical` may be empty; see Waterfall for the rest.
    void set_trace(std::shared_ptr<const SpanTable> spans, std::size_t trace_index, std::vector<CriticalStretch> critical = {});
    void set_time_zone(TimeZoneMode mode);
    Waterfall& waterfall() { return *waterfall_; }
    const Waterfall& waterfall() const { return *waterfall_; }
    QToolBar& tools() { return *tools_; }
    SpanDetail& detail() { return *detail_; }
    QLineEdit& search_line() { return *search_; }
    /// The trace as indented text, one line per span in sight of the tree; at most 5,000 lines.
    QString text() const;

protected:
    void changeEvent(QEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;

private:
    void add_tools();
    void arrange();
    void show_detail(bool on);
    void show_title();
    void show_span();
    void search(const QString& text);
    QString title_html() const;

    std::shared_ptr<const SpanTable> spans_;
    TimeZoneMode zone_ = TimeZoneMode::utc;
    std::shared_ptr<CategoryNumbers> numbers_ = std::make_shared<CategoryNumbers>();
    QLabel* title_;
    QLabel* services_;
    QLineEdit* search_;
    QLabel* matches_;
    QToolBar* tools_;
    Waterfall* waterfall_;
    SpanDetail* detail_;
    QSplitter* splitter_;
    QGridLayout* head_;
    QAction* detail_action_ = nullptr;
    std::optional<bool> detail_wanted_;  ///< by the user; absent = while there is room
    bool arranged_ = false, narrow_ = false;
};

}  // namespace casebook
