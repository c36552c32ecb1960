#include "widgets/panels/views/session_view.h"

#include "widgets/panels/views/data_table.h"
#include "widgets/panels/views/span_lookup.h"
#include "widgets/panels/views/sql_highlighter.h"
#include "widgets/qt_text.h"
#include "widgets/session/session.h"

#include <QComboBox>
#include <QFontDatabase>
#include <QHBoxLayout>
#include <QLabel>
#include <QPlainTextEdit>
#include <QSignalBlocker>
#include <QSplitter>
#include <QToolButton>
#include <QVBoxLayout>
#include <algorithm>

namespace casebook {
namespace {

constexpr std::size_t longest_statement = 100'000;

}  // namespace

const char* SessionView::query()
{
    return "SELECT at_ns, pid, user, database, application, state, wait_event_type, wait_event, blocked_by, xact_age_ms, state_age_ms, lock_mode, "
           "lock_relation, query FROM session ORDER BY at_ns, pid";
}

bool SessionView::suits(const Evidence& evidence)
{
    return evidence.view == "table" && evidence.source == "session" && evidence.sql.find("blocked_by") != std::string::npos;
}

SessionView::SessionView(Session& session, QWidget* parent)
    : QueryView(session, parent), proof_slot_(session.jobs()), bar_(new QWidget), samples_(new QComboBox), before_(new QToolButton), after_(new QToolButton),
      headline_(new QLabel), table_(new DataTable), text_(new QPlainTextEdit)
{
    samples_->setAccessibleName(tr("Sample"));
    samples_->setObjectName(QStringLiteral("sessionSample"));
    before_->setArrowType(Qt::LeftArrow);
    after_->setArrowType(Qt::RightArrow);
    before_->setToolTip(tr("Sample before"));
    after_->setToolTip(tr("Sample after"));
    for (QToolButton* button : {before_, after_}) {
        button->setAutoRaise(true);
        button->setAccessibleName(button->toolTip());
    }
    headline_->setWordWrap(true);
    headline_->setContentsMargins(8, 2, 8, 4);
    headline_->setObjectName(QStringLiteral("sessionHeadline"));
    headline_->setTextInteractionFlags(Qt::TextSelectableByMouse);
    text_->setReadOnly(true);
    text_->setFont(QFontDatabase::systemFont(QFontDatabase::FixedFont));
    text_->setAccessibleName(tr("Text of the statement"));
    new SqlHighlighter(text_->document(), text_);

    auto* line = new QHBoxLayout(bar_);
    line->setContentsMargins(8, 2, 8, 2);
    line->addWidget(new QLabel(tr("Sample")));
    line->addWidget(before_);
    line->addWidget(samples_);
    line->addWidget(after_);
    line->addStretch(1);
    auto* splitter = new QSplitter(Qt::Vertical);
    splitter->addWidget(table_);
    splitter->addWidget(text_);
    splitter->setStretchFactor(0, 5);
    splitter->setStretchFactor(1, 1);
    auto* body = new QWidget;
    auto* lines = new QVBoxLayout(body);
    lines->setContentsMargins(0, 0, 0, 0);
    lines->setSpacing(0);
    lines->addWidget(bar_);
    lines->addWidget(headline_);
    lines->addWidget(splitter, 1);
    body->setFocusProxy(table_);
    set_body(body);
    table_->set_hint(tr("This sample has no client sessions."));
    connect(samples_, &QComboBox::currentIndexChanged, this, &SessionView::show_sample);
    connect(before_, &QToolButton::clicked, this, [this] { step(-1); });
    connect(after_, &QToolButton::clicked, this, [this] { step(1); });
    connect(table_, &DataTable::current_row_changed, this, &SessionView::show_statement);
    connect(table_, &DataTable::failed, this, [this](const QString& what) { this->session().tell({Message::Kind::error, what, {}}); });
}

void SessionView::load()
{
    slot_ = session().read<std::shared_ptr<const SessionSamples>>(
        tr("Read database sessions"),
        [](CaseFile& file, const Control& control) -> Result<std::shared_ptr<const SessionSamples>> {
            TRY_ASSIGN(auto samples, load_session_samples(file, control));
            return std::make_shared<const SessionSamples>(std::move(samples));
        },
        this,
        [this](Result<std::shared_ptr<const SessionSamples>> samples) {
            if (!samples) return show_error(samples.error());
            if ((*samples)->samples.empty())
                return show_hint(tr("No database sessions in the case. Import rows of pg_stat_activity with pg_blocking_pids (CSV), or capture them: File, Capture from PostgreSQL."));
            loaded_ = std::move(*samples);
            show_body();
            name_samples();
            samples_->setCurrentIndex(static_cast<int>(first_sample()));
            show_sample();
        });
}

void SessionView::pointAt(const Evidence& evidence, const Finding&)
{
    proof_slot_ = session().query(evidence, this, [this, evidence](Result<QueryResult> rows) {
        if (!rows || rows->rows.empty()) return;
        const auto at = column_of(*rows, "at_ns"), pid = column_of(*rows, "pid");
        const auto* number = pid ? std::get_if<std::int64_t>(&rows->rows.front()[*pid]) : nullptr;
        if (!number) return;
        proof_ = Proof{{}, {}, *number};
        if (const auto* time = at ? std::get_if<std::int64_t>(&rows->rows.front()[*at]) : nullptr) proof_->at_ns = *time;
        if (!evidence.arguments.empty())
            if (const auto* file = std::get_if<std::int64_t>(&evidence.arguments.front())) proof_->file_id = *file;
        go_to_proof();
    });
}

void SessionView::go_to_proof()
{
    if (!proof_ || !loaded_) return;
    for (std::size_t i = 0; i < loaded_->samples.size(); ++i) {
        const SessionSample& sample = loaded_->samples[i];
        if (proof_->file_id && sample.file_id != *proof_->file_id) continue;
        if (sample.at_ns.has_value() != proof_->at_ns.has_value()) continue;
        if (sample.at_ns && (*proof_->at_ns < *sample.at_ns || *proof_->at_ns > sample.to_ns.value_or(*sample.at_ns))) continue;
        if (!sample.find(proof_->pid)) continue;
        samples_->setCurrentIndex(static_cast<int>(i));
        if (const auto row = shown_.row_of(proof_->pid)) table_->go_to(*row);
        return;
    }
}

std::size_t SessionView::first_sample() const
{
    const auto& samples = loaded_->samples;
    const auto fewer = [](const SessionSample& a, const SessionSample& b) { return lock_waiters(a) < lock_waiters(b); };
    return static_cast<std::size_t>(std::max_element(samples.begin(), samples.end(), fewer) - samples.begin());
}

void SessionView::name_samples()
{
    if (!loaded_) return;
    const QSignalBlocker quiet(samples_);
    const int current = samples_->currentIndex();
    samples_->clear();
    for (std::size_t i = 0; i < loaded_->samples.size(); ++i) {
        const SessionSample& sample = loaded_->samples[i];
        const QString time = sample.at_ns ? instant_text(*sample.at_ns, zone_, 0) + QLatin1Char(' ') + zone_text(zone_, *sample.at_ns) : tr("without a time");
        const auto waiting = static_cast<int>(lock_waiters(sample));
        samples_->addItem(waiting > 0 ? tr("%1, %2 waiting for locks").arg(time).arg(waiting) : time);
    }
    samples_->setCurrentIndex(std::max(0, std::min(current, samples_->count() - 1)));
    bar_->setVisible(samples_->count() > 1);
}

void SessionView::show_sample()
{
    const int index = samples_->currentIndex();
    if (!loaded_ || index < 0) return;
    before_->setEnabled(index > 0);
    after_->setEnabled(index + 1 < samples_->count());
    text_->clear();
    const auto current = table_->current_table_row();
    const bool chosen = current && *current < shown_.pids.size();
    const std::int64_t pid = chosen ? shown_.pids[*current] : 0;
    shown_ = session_table(loaded_, static_cast<std::size_t>(index));
    headline_->setText(shown_.headline.empty() ? tr("Nobody waits for a lock in this sample.") : to_qt(shown_.headline) + QLatin1Char('.'));
    table_->set_table(shown_.table);
    // The same session in another sample, as long as it is there.
    const auto row = chosen ? shown_.row_of(pid) : std::nullopt;
    if (table_->model().rowCount() > 0) table_->go_to(row.value_or(0));
    if (!chosen) go_to_proof();
}

void SessionView::step(int by)
{
    samples_->setCurrentIndex(std::clamp(samples_->currentIndex() + by, 0, samples_->count() - 1));
}

void SessionView::show_statement(std::uint32_t row)
{
    if (row < shown_.queries.size()) text_->setPlainText(to_qt(std::string_view(shown_.queries[row]).substr(0, longest_statement)));
}

void SessionView::set_time_zone(TimeZoneMode zone)
{
    zone_ = zone;
    table_->set_time_zone(zone);
    name_samples();
}

QString SessionView::copyText() const { return table_->selected_text(true); }

}  // namespace casebook
