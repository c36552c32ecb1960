#include "widgets/models/capture_questions.h"

#include "widgets/charts/line_text.h"

#include <algorithm>

namespace casebook {

CaptureQuestionModel::CaptureQuestionModel(std::span<const CaptureQuestion> questions, QObject* parent)
    : QAbstractTableModel(parent)
{
    for (const CaptureQuestion& question : questions) all_.push_back({&question, true, {}});
    show(CaptureQuestion::Server::postgresql);
}

void CaptureQuestionModel::show(CaptureQuestion::Server server)
{
    shown_.clear();
    for (std::size_t i = 0; i < all_.size(); ++i)
        if (all_[i].question->server == server) shown_.push_back(i);
}

void CaptureQuestionModel::set_server(const ServerDescription& server)
{
    beginResetModel();
    for (Row& row : all_) {
        row.answer.reset();
        for (const QuestionAvailability& answer : server.questions)
            if (answer.id == row.question->id) row.answer = answer;
    }
    show(server.pgbouncer ? CaptureQuestion::Server::pgbouncer : CaptureQuestion::Server::postgresql);
    endResetModel();
    emit chosenChanged();
}

void CaptureQuestionModel::forget_server()
{
    beginResetModel();
    for (Row& row : all_) row.answer.reset();
    endResetModel();
    emit chosenChanged();
}

std::vector<std::string> CaptureQuestionModel::chosen() const
{
    std::vector<std::string> ids;
    bool all = true;
    for (const std::size_t i : shown_) {
        if (all_[i].checked()) ids.emplace_back(all_[i].question->id);
        else all = false;
    }
    if (all) ids.clear();
    return ids;
}

bool CaptureQuestionModel::any_chosen() const
{
    return std::any_of(shown_.begin(), shown_.end(), [this](std::size_t i) { return all_[i].checked(); });
}

int CaptureQuestionModel::rowCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(shown_.size());
}

int CaptureQuestionModel::columnCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : columnCount_;
}

QVariant CaptureQuestionModel::data(const QModelIndex& index, int role) const
{
    if (!index.isValid() || index.row() >= rowCount()) return {};
    const Row& row = all_[shown_[static_cast<std::size_t>(index.row())]];
    const QString title = to_qt(row.question->title), cost = to_qt(row.question->cost);
    QString measured;
    if (row.answer)
        measured = row.answer->available ? to_qt_line(row.answer->cost, 100)
                                         : tr("not available: %1").arg(to_qt_line(row.answer->why_not, 1000));
    if (role == Qt::CheckStateRole && index.column() == questionColumn)
        return static_cast<int>(row.checked() ? Qt::Checked : Qt::Unchecked);
    if (role == Qt::DisplayRole) {
        if (index.column() == questionColumn) return title;
        if (index.column() == costColumn) return measured.isEmpty() ? cost : measured;
        if (row.question->when == CaptureQuestion::When::once) return tr("once");
        return row.question->when == CaptureQuestion::When::firstAndLast ? tr("first and last") : tr("every snapshot");
    }
    if (role == Qt::AccessibleTextRole && index.column() == questionColumn)
        return QStringLiteral("%1, %2").arg(title, measured.isEmpty() ? cost : measured);
    if (role == Qt::ToolTipRole) {
        QStringList lines{title, tr("Cost: %1").arg(cost)};
        if (row.answer) lines += row.answer->available ? tr("Measured: %1").arg(measured) : measured;
        lines += tr("File: %1").arg(to_qt(row.question->file));
        return QStringLiteral("<p style='white-space:pre-line'>%1</p>")
            .arg(lines.join(QLatin1Char('\n')).toHtmlEscaped());
    }
    return {};
}

bool CaptureQuestionModel::setData(const QModelIndex& index, const QVariant& value, int role)
{
    if (role != Qt::CheckStateRole || index.column() != questionColumn || index.row() >= rowCount()) return false;
    Row& row = all_[shown_[static_cast<std::size_t>(index.row())]];
    if (!row.available()) return false;
    row.wanted = value.toInt() == Qt::Checked;
    emit dataChanged(index, index, {Qt::CheckStateRole});
    emit chosenChanged();
    return true;
}

QVariant CaptureQuestionModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal || section < 0 || section >= columnCount_) return {};
    if (role == Qt::DisplayRole)
        return section == questionColumn ? tr("Take") : section == whenColumn ? tr("When") : tr("Cost");
    if (role == Qt::ToolTipRole && section == costColumn) return tr("For the server; measured by Test, per answer");
    return {};
}

Qt::ItemFlags CaptureQuestionModel::flags(const QModelIndex& index) const
{
    if (!index.isValid() || index.row() >= rowCount()) return {};
    Qt::ItemFlags flags = Qt::ItemIsSelectable | Qt::ItemIsEnabled | Qt::ItemNeverHasChildren;
    const Row& row = all_[shown_[static_cast<std::size_t>(index.row())]];
    if (row.available() && index.column() == questionColumn) flags |= Qt::ItemIsUserCheckable;
    return flags;
}

}  // namespace casebook
