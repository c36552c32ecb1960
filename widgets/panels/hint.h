#pragma once

#include <QLabel>

namespace casebook {

/// What an empty panel says: what would be here and what to do about it. Centred, muted, wrapped.
class Hint : public QLabel {
    Q_OBJECT

public:
    explicit Hint(const QString& text, QWidget* parent = nullptr);
    /// Small: a hint must not keep a panel from being made narrow.
    QSize minimumSizeHint() const override;

protected:
    void changeEvent(QEvent* event) override;

private:
    void recolor();
};

}  // namespace casebook
