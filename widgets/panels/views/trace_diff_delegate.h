#pragma once

#include "widgets/panels/views/fold_delegate.h"

namespace casebook {

/// Paints the rows of a TraceDiffModel, or another model with its roles: differences as bars from the middle, right and red where B is slower, left and green
/// where it is faster; calls of one side in italics; errors in red.
class TraceDiffDelegate : public FoldDelegate {
    Q_OBJECT
public:
    using FoldDelegate::FoldDelegate;

protected:
    void paint_cell(QPainter& painter, Cell& cell) const override;
};

}  // namespace casebook
