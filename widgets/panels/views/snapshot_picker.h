#pragma once

#include <QStringList>
#include <QWidget>

class QComboBox;
class QLabel;

namespace casebook {

/// Two lists to pick the snapshots from that a table compares: "from" (with "nothing" on top, when wanted) and "to".
class SnapshotPicker : public QWidget {
    Q_OBJECT
public:
    explicit SnapshotPicker(const QString& nothing, QWidget* parent = nullptr);

    /// Chooses the first and the last.
    void set_snapshots(const QStringList& names);
    /// Index of the earlier snapshot; -1 = nothing.
    int before() const;
    int after() const;
    void pick(int before, int after);

signals:
    void picked(int before, int after);

private:
    void announce();

    QString nothing_;
    QComboBox* before_;
    QComboBox* after_;
};

}  // namespace casebook
