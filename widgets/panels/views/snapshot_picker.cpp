#include "widgets/panels/views/snapshot_picker.h"

#include <QComboBox>
#include <QHBoxLayout>
#include <QLabel>
#include <QSignalBlocker>

namespace casebook {

SnapshotPicker::SnapshotPicker(const QString& nothing, QWidget* parent) : QWidget(parent), nothing_(nothing), before_(new QComboBox), after_(new QComboBox)
{
    auto* line = new QHBoxLayout(this);
    line->setContentsMargins(8, 4, 8, 2);
    const auto add = [&](const QString& text, QComboBox* box, const char* name) {
        auto* label = new QLabel(text);
        label->setBuddy(box);
        box->setObjectName(QLatin1String(name));
        box->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
        box->setMinimumContentsLength(20);
        line->addWidget(label);
        line->addWidget(box);
        connect(box, &QComboBox::currentIndexChanged, this, &SnapshotPicker::announce);
    };
    add(tr("&From"), before_, "before");
    add(tr("&to"), after_, "after");
    line->addStretch(1);
}

void SnapshotPicker::set_snapshots(const QStringList& names)
{
    {
        const QSignalBlocker quiet_before(before_), quiet_after(after_);
        before_->clear();
        after_->clear();
        if (!nothing_.isEmpty()) before_->addItem(nothing_);
        before_->addItems(names);
        after_->addItems(names);
    }
    setVisible(names.size() > 1);
    pick(names.size() > 1 || nothing_.isEmpty() ? 0 : -1, static_cast<int>(names.size()) - 1);
}

int SnapshotPicker::before() const { return before_->currentIndex() - (nothing_.isEmpty() ? 0 : 1); }
int SnapshotPicker::after() const { return after_->currentIndex(); }

void SnapshotPicker::pick(int before, int after)
{
    {
        const QSignalBlocker quiet_before(before_), quiet_after(after_);
        before_->setCurrentIndex(before + (nothing_.isEmpty() ? 0 : 1));
        after_->setCurrentIndex(after);
    }
    announce();
}

void SnapshotPicker::announce()
{
    if (after_->currentIndex() >= 0) emit picked(before(), after());
}

}  // namespace casebook
