#pragma once

#include "widgets/models/views/flame_data.h"
#include "widgets/panels/views/query_view.h"

class QCheckBox;
class QComboBox;
class QLabel;
class QLineEdit;
class QPushButton;

namespace casebook {

class FlameGraph;

/// Where time goes, merged: own time of spans by service and operation (evidence without a query; of the selected
/// service and operation), or folded stacks of a profile (rows with `stack` and `value`, one kind and unit at a
/// time, of all files or of one).
class FlameView : public QueryView {
    Q_OBJECT
public:
    FlameView(Session& session, QWidget* parent);
    QString copyText() const override;
    FlameGraph& graph() { return *graph_; }
    QLineEdit& search_line() { return *search_; }
    QCheckBox& root_at_bottom() { return *bottom_; }
    QComboBox& profiles() { return *kinds_; }
    QPushButton& show_everything() { return *whole_; }

    static const char* profile_query();
    /// 100 when the evidence asks for a flame graph, 50 when it has stacks.
    static int suits(const Evidence& evidence);

protected:
    void load() override;
    void show_rows(std::shared_ptr<const QueryResult> rows) override;
    void set_time_zone(TimeZoneMode) override {}

private:
    void show_spans();
    void show_kind();
    void show(std::shared_ptr<const FlameData> data, const QString& note);

    struct Choice { std::string kind, unit, file; };  ///< file empty = all

    std::shared_ptr<const QueryResult> rows_;
    std::vector<Choice> choices_;  ///< beside the entries of kinds_
    QLabel* note_;
    QComboBox* kinds_;
    QLineEdit* search_;
    QLabel* found_;
    QPushButton* whole_;
    QCheckBox* bottom_;
    FlameGraph* graph_;
    std::string service_, operation_;
};

}  // namespace casebook
