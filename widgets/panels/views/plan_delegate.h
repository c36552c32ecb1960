#pragma once

#include "widgets/panels/views/fold_delegate.h"

namespace casebook {

/// Paints the rows of a PlanModel: indented nodes with a fold mark, bars of own time, estimates that were far off.
class PlanDelegate : public FoldDelegate {
    Q_OBJECT
public:
    using FoldDelegate::FoldDelegate;

    /// Estimates off by this factor are marked, by the square of it strongly. After PEV2 and explain.depesz.com.
    static constexpr double notable_factor = 10;

protected:
    void paint_cell(QPainter& painter, Cell& cell) const override;
};

}  // namespace casebook
