#pragma once

#include <QFrame>
#include <QTimer>

class QLabel;

namespace casebook {

class Session;
struct Message;

/// Says what happened and what to do about it, above the evidence. Errors stay until they are closed or the next
/// message comes, information goes by itself.
class MessageBar : public QFrame {
    Q_OBJECT

public:
    explicit MessageBar(Session& session, QWidget* parent = nullptr);

    void showMessage(const Message& message);
    QString text() const;  ///< what it says now; empty when it is hidden

    static constexpr int information_ms = 6000;

protected:
    void changeEvent(QEvent* event) override;

private:
    void recolor();

    QLabel *icon_, *text_;
    QTimer timer_;
    bool is_error_ = false;
};

}  // namespace casebook
