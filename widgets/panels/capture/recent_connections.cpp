#include "widgets/panels/capture/recent_connections.h"

#include "analyzers/capture/options.h"

#include <QCoreApplication>
#include <QSettings>
#include <QUrl>
#include <algorithm>

namespace casebook {
namespace {

const QString group = QStringLiteral("captureConnections");

bool is_uri(const QString& line)
{
    return line.startsWith(QLatin1String("postgres://")) || line.startsWith(QLatin1String("postgresql://"));
}

}  // namespace

QString connection_title(const ConnectionFields& fields)
{
    if (fields.by_line) return may_hold_password(fields.line) ? QStringLiteral("PostgreSQL") : fields.line.trimmed();
    QString title = fields.database.isEmpty() ? QStringLiteral("PostgreSQL") : fields.database;
    if (!fields.host.isEmpty()) {
        title = QCoreApplication::translate("Capture", "%1 at %2").arg(title, fields.host);
        if (!fields.port.isEmpty()) title += QLatin1Char(':') + fields.port;
    } else if (!fields.port.isEmpty()) {
        title = QCoreApplication::translate("Capture", "%1, port %2").arg(title, fields.port);
    }
    if (!fields.user.isEmpty()) title = QCoreApplication::translate("Capture", "%1 as %2").arg(title, fields.user);
    return title;
}

std::string conninfo_of(const ConnectionFields& fields, const QString& password)
{
    if (!fields.by_line)
        return make_conninfo({{"host", fields.host.trimmed().toStdString()},
                              {"port", fields.port.trimmed().toStdString()},
                              {"dbname", fields.database.toStdString()},
                              {"user", fields.user.toStdString()},
                              {"password", password.toStdString()},
                              {"sslmode", fields.ssl_mode.toStdString()}});
    const QString line = fields.line.trimmed();
    if (password.isEmpty()) return line.toStdString();
    if (is_uri(line)) {
        // https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING-URIS: parameters after "?".
        const QString joint = line.contains(QLatin1Char('?')) ? QStringLiteral("&") : QStringLiteral("?");
        return (line + joint + QStringLiteral("password=")).toStdString() +
               QUrl::toPercentEncoding(password).toStdString();
    }
    // The last one of a keyword counts. Without "=" the line is the name of a database.
    if (line.contains(QLatin1Char('=')))
        return line.toStdString() + ' ' + make_conninfo({{"password", password.toStdString()}});
    return make_conninfo({{"dbname", line.toStdString()}, {"password", password.toStdString()}});
}

bool may_hold_password(const QString& line)
{
    if (line.contains(QLatin1String("passw"), Qt::CaseInsensitive)) return true;
    if (!line.contains(QLatin1String("://"))) return false;
    const QString rest = line.mid(line.indexOf(QLatin1String("://")) + 3);
    // The password may have "@", "/" and "?" in it, unencoded by mistake: look at all up to the last "@".
    const qsizetype at = rest.lastIndexOf(QLatin1Char('@'));
    return at >= 0 && rest.left(at).contains(QLatin1Char(':'));
}

std::vector<ConnectionFields> RecentConnections::all()
{
    QSettings settings;
    std::vector<ConnectionFields> found;
    const int size = settings.beginReadArray(group);
    for (int i = 0; i < std::min(size, static_cast<int>(max_connections)); ++i) {
        settings.setArrayIndex(i);
        const auto text = [&](const char* name) { return settings.value(QLatin1String(name)).toString(); };
        ConnectionFields fields{text("host"), text("port"), text("database"), text("user"), text("sslMode"),
                                text("line"), settings.value(QStringLiteral("byLine")).toBool()};
        if (!may_hold_password(fields.line)) found.push_back(std::move(fields));
    }
    settings.endArray();
    return found;
}

bool RecentConnections::add(const ConnectionFields& given)
{
    // A URI that was typed into a field by mistake does not connect, but may hold a password all the same.
    if (may_hold_password(given.host) || may_hold_password(given.database)) return false;
    ConnectionFields fields = given;
    if (fields.by_line) {
        if (may_hold_password(fields.line)) return false;
        fields = {{}, {}, {}, {}, {}, given.line.trimmed(), true};
    } else {
        fields.line.clear();
    }
    std::vector<ConnectionFields> connections = all();
    std::erase(connections, fields);
    connections.insert(connections.begin(), fields);
    if (connections.size() > max_connections) connections.resize(max_connections);
    QSettings settings;
    settings.beginWriteArray(group, static_cast<int>(connections.size()));
    for (std::size_t i = 0; i < connections.size(); ++i) {
        settings.setArrayIndex(static_cast<int>(i));
        settings.setValue(QStringLiteral("host"), connections[i].host);
        settings.setValue(QStringLiteral("port"), connections[i].port);
        settings.setValue(QStringLiteral("database"), connections[i].database);
        settings.setValue(QStringLiteral("user"), connections[i].user);
        settings.setValue(QStringLiteral("sslMode"), connections[i].ssl_mode);
        settings.setValue(QStringLiteral("line"), connections[i].line);
        settings.setValue(QStringLiteral("byLine"), connections[i].by_line);
    }
    settings.endArray();
    return true;
}

void RecentConnections::clear()
{
    QSettings().remove(group);
}

}  // namespace casebook
