#include "widgets/panels/job_status.h"

#include "widgets/session/session.h"
#include "widgets/style/icons.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QProgressBar>
#include <QToolButton>

namespace casebook {

JobStatus::JobStatus(Session& session, QWidget* parent)
    : QWidget(parent), session_(session), title_(new QLabel(this)), bar_(new QProgressBar(this))
{
    auto* stop = new QToolButton(this);
    stop->setObjectName(QStringLiteral("stopJob"));
    stop->setIcon(action_icon(QStringLiteral("cancel")));
    stop->setAutoRaise(true);
    stop->setToolTip(tr("Stop this job"));
    stop->setAccessibleName(tr("Stop this job"));
    bar_->setMaximumHeight(fontMetrics().height() + 2);
    bar_->setFixedWidth(140);
    bar_->setAccessibleName(tr("Progress"));
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(0, 0, 0, 0);
    row->addWidget(title_);
    row->addWidget(bar_);
    row->addWidget(stop);
    connect(stop, &QToolButton::clicked, this, [this] {
        for (const JobInfo& job : session_.jobs().running())
            if (job.listed) return session_.jobs().cancel(job.id);
    });
    for (const auto signal : {&Session::jobStarted, &Session::jobProgress, &Session::jobFinished})
        connect(&session_, signal, this, &JobStatus::update_state);
    update_state();
}

void JobStatus::update_state()
{
    for (const JobInfo& job : session_.jobs().running()) {
        if (!job.listed) continue;
        title_->setText(job.cancelling ? tr("%1 (cancelling)").arg(job.title) : job.title);
        const Progress& progress = job.progress;
        if (progress.total == 0) {
            bar_->setRange(0, 0);
        } else {
            bar_->setRange(0, 1000);
            bar_->setValue(static_cast<int>(1000.0 * static_cast<double>(std::min(progress.done, progress.total)) /
                                            static_cast<double>(progress.total)));
        }
        setVisible(true);
        return;
    }
    setVisible(false);
}

}  // namespace casebook
