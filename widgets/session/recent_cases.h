#pragma once

#include <QObject>
#include <QStringList>

namespace casebook {

/// The cases opened last, newest first, kept in the user's settings.
class RecentCases : public QObject {
    Q_OBJECT

public:
    explicit RecentCases(QObject* parent = nullptr);

    const QStringList& paths() const { return paths_; }
    void add(const QString& path);
    void remove(const QString& path);
    void clear();

    static constexpr int max_cases = 12;

signals:
    void changed();

private:
    void store();
    QStringList paths_;
};

}  // namespace casebook
