#pragma once

#include <QString>
#include <QStringList>

#include <string>
#include <vector>

namespace casebook {

/// A connection as the form holds it. Either the parts or `line` are used, by `by_line`.
struct ConnectionFields {
    QString host, port, database, user, ssl_mode;
    QString line;  ///< connection string, URI or "service=NAME"
    bool by_line = false;

    bool operator==(const ConnectionFields&) const = default;
};

/// "shop at db:5432 as app", or the line. Never has a password.
QString connection_title(const ConnectionFields& fields);

/// The string for the engine: parts, or the line with the password added the way its form wants it.
std::string conninfo_of(const ConnectionFields& fields, const QString& password);

/// Whether a line may have a password in it; when in doubt it may.
bool may_hold_password(const QString& line);

/// Connections used last, newest first, in the user's settings. A password never gets there: lines that may hold one
/// are not remembered.
class RecentConnections {
public:
    static std::vector<ConnectionFields> all();
    /// False when it is not remembered, because of a password in its line.
    static bool add(const ConnectionFields& fields);
    static void clear();

    static constexpr std::size_t max_connections = 12;
};

}  // namespace casebook
