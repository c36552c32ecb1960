#pragma once

#include <qcustomplot.h>

namespace casebook {

/// Ticks of an axis whose coordinate is log10 of a duration in ns: "1 ms", "2 ms", "5 ms", "10 ms", at most tickCount() of
/// them. Included by the
/// .cpp files of this folder only.
class DurationTicker : public QCPAxisTicker {
protected:
    double getTickStep(const QCPRange& range) override;
    int getSubTickCount(double step) override;
    QVector<double> createTickVector(double step, const QCPRange& range) override;
    QString getTickLabel(double tick, const QLocale& locale, QChar format, int precision) override;
};

/// Ticks with grouped digits instead of powers of ten: "175,000".
class NumberTicker : public QCPAxisTicker {
protected:
    int getSubTickCount(double) override { return 0; }
    QString getTickLabel(double tick, const QLocale& locale, QChar format, int precision) override;
};

/// log10 of a duration; below 1 ns counts as 1 ns.
double duration_to_axis(double duration_ns);
double duration_from_axis(double axis);

}  // namespace casebook
