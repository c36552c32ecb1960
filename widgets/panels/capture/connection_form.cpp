#include "widgets/panels/capture/connection_form.h"

#include <QComboBox>
#include <QFormLayout>
#include <QLineEdit>

namespace casebook {

ConnectionForm::ConnectionForm(QWidget* parent)
    : QWidget(parent), recent_(new QComboBox(this)), ssl_mode_(new QComboBox(this)), line_(new QLineEdit(this)),
      host_(new QLineEdit(this)), port_(new QLineEdit(this)), database_(new QLineEdit(this)), user_(new QLineEdit(this)),
      password_(new QLineEdit(this))
{
    auto* form = new QFormLayout(this);
    form->setContentsMargins(0, 0, 0, 0);
    const auto add = [&](const QString& title, QLineEdit* edit, const char* name, const QString& placeholder, const QString& tip) {
        edit->setObjectName(QLatin1String(name));
        edit->setPlaceholderText(placeholder);
        edit->setToolTip(tip);
        form->addRow(title, edit);
        connect(edit, &QLineEdit::textEdited, this, &ConnectionForm::changed);
    };
    recent_->setObjectName(QStringLiteral("captureRecent"));
    recent_->setToolTip(tr("Connections used before; passwords are not kept"));
    recent_->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
    recent_->setMinimumContentsLength(16);
    form->addRow(tr("&Recent"), recent_);
    add(tr("&Host"), host_, "captureHost", tr("this computer, or PGHOST"), tr("Name, address, or the folder of a unix socket"));
    add(tr("P&ort"), port_, "capturePort", QStringLiteral("5432"), tr("TCP port; 6432 is usual for PgBouncer"));
    add(tr("&Database"), database_, "captureDatabase", tr("as the user, or PGDATABASE"),
        tr("The database to look at; pgbouncer for PgBouncer's admin console"));
    add(tr("&User"), user_, "captureUser", tr("as on this computer, or PGUSER"), tr("A role with pg_monitor sees most"));
    add(tr("&Password"), password_, "capturePassword", tr("from .pgpass when empty"),
        tr("Used for this connection and kept nowhere"));
    password_->setEchoMode(QLineEdit::Password);
    ssl_mode_->setObjectName(QStringLiteral("captureSslMode"));
    ssl_mode_->addItem(tr("default"), QString());
    for (const char* mode : {"disable", "allow", "prefer", "require", "verify-ca", "verify-full"})
        ssl_mode_->addItem(QLatin1String(mode), QLatin1String(mode));
    ssl_mode_->setToolTip(tr("sslmode as for psql; default is PGSSLMODE or prefer"));
    form->addRow(tr("SSL &mode"), ssl_mode_);
    add(tr("Or a &line"), line_, "captureLine", QStringLiteral("service=shop, postgresql://app@db/shop"),
        tr("A connection string as for psql; when it is filled in, the fields above do not count, except the password"));
    connect(ssl_mode_, &QComboBox::activated, this, &ConnectionForm::changed);
    connect(recent_, &QComboBox::activated, this, [this](int row) {
        const std::vector<ConnectionFields> all = RecentConnections::all();
        if (row < 1 || static_cast<std::size_t>(row) > all.size()) return;
        set_fields(all[static_cast<std::size_t>(row) - 1]);
        password_->setFocus();
        emit changed();
    });
    fill_recent();
    if (const auto all = RecentConnections::all(); !all.empty()) set_fields(all.front());
}

void ConnectionForm::fill_recent()
{
    recent_->clear();
    const std::vector<ConnectionFields> all = RecentConnections::all();
    recent_->addItem(all.empty() ? tr("Nothing yet") : tr("Choose..."));
    for (const ConnectionFields& fields : all) recent_->addItem(connection_title(fields));
    recent_->setEnabled(!all.empty());
}

ConnectionFields ConnectionForm::fields() const
{
    const QString line = line_->text().trimmed();
    return {host_->text(), port_->text(), database_->text(), user_->text(), ssl_mode_->currentData().toString(), line,
            !line.isEmpty()};
}

void ConnectionForm::set_fields(const ConnectionFields& fields)
{
    host_->setText(fields.host);
    port_->setText(fields.port);
    database_->setText(fields.database);
    user_->setText(fields.user);
    ssl_mode_->setCurrentIndex(std::max(0, ssl_mode_->findData(fields.ssl_mode)));
    line_->setText(fields.by_line ? fields.line : QString());
    password_->clear();
}

std::string ConnectionForm::conninfo() const
{
    return conninfo_of(fields(), password_->text());
}

void ConnectionForm::remember()
{
    if (RecentConnections::add(fields())) fill_recent();
}

}  // namespace casebook
