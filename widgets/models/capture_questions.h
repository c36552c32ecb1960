#pragma once

#include "analyzers/capture/options.h"
#include "analyzers/capture/server.h"

#include <QAbstractTableModel>
#include <optional>
#include <span>
#include <vector>

namespace casebook {

/// What a capture can take, each with a check box and its cost: in words until a server was tested, measured afterwards.
/// What the tested server does not give cannot be checked, and the row says why.
class CaptureQuestionModel : public QAbstractTableModel {
    Q_OBJECT

public:
    enum Column { questionColumn, whenColumn, costColumn, columnCount_ };

    /// `questions` must outlive the model.
    explicit CaptureQuestionModel(std::span<const CaptureQuestion> questions, QObject* parent = nullptr);

    /// Shows the questions for that server with what it answered; what the user unchecked stays unchecked.
    void set_server(const ServerDescription& server);
    /// Nothing is known about the server (any more).
    void forget_server();

    /// Ids for CaptureOptions: those checked; empty when that is all there is to take.
    std::vector<std::string> chosen() const;
    bool any_chosen() const;

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role) const override;
    bool setData(const QModelIndex& index, const QVariant& value, int role) override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;
    Qt::ItemFlags flags(const QModelIndex& index) const override;

signals:
    void chosenChanged();

private:
    struct Row {
        const CaptureQuestion* question = nullptr;
        bool wanted = true;  ///< by the user
        std::optional<QuestionAvailability> answer;

        bool available() const { return !answer || answer->available; }
        bool checked() const { return wanted && available(); }
    };
    void show(CaptureQuestion::Server server);

    std::vector<Row> all_;
    std::vector<std::size_t> shown_;  ///< places in all_
};

}  // namespace casebook
