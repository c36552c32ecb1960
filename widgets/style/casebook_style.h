#pragma once

#include <QProxyStyle>

namespace casebook {

/// Fusion, with the few marks it draws in colours of its own replaced by ones of the theme.
class CasebookStyle : public QProxyStyle {
    Q_OBJECT

public:
    CasebookStyle();
    void drawPrimitive(PrimitiveElement element, const QStyleOption* option, QPainter* painter,
                       const QWidget* widget) const override;
};

}  // namespace casebook
