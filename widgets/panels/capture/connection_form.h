#pragma once

#include "widgets/panels/capture/recent_connections.h"

#include <QWidget>

class QComboBox;
class QLineEdit;

namespace casebook {

/// Where the server is and who asks. The password stays in its field: it is stored nowhere.
class ConnectionForm : public QWidget {
    Q_OBJECT

public:
    explicit ConnectionForm(QWidget* parent = nullptr);

    ConnectionFields fields() const;
    void set_fields(const ConnectionFields& fields);
    /// For the engine; holds the password.
    std::string conninfo() const;
    /// Adds the connection to the recent ones, without the password.
    void remember();

signals:
    /// What a test found out no longer holds.
    void changed();

private:
    void fill_recent();

    QComboBox *recent_, *ssl_mode_;
    QLineEdit *line_, *host_, *port_, *database_, *user_, *password_;
};

}  // namespace casebook
