#pragma once

#include <QDir>
#include <QFile>
#include <QProcess>
#include <QStandardPaths>
#include <QTemporaryDir>
#include <QThread>

#include <csignal>
#include <unistd.h>
#include <vector>

namespace casebook::tests {

/// A PostgreSQL of a test's own: a cluster in a temporary folder, reached by a socket there only, stopped with the object.
/// Runs as `postgres` when the test is root, which a server refuses to be. Qt, one thread.
class RealPostgres {
public:
    /// The folder of the server's programs; empty when there is none, and a test has to be skipped.
    static QString programs()
    {
        const QStringList versions = QDir(QStringLiteral("/usr/lib/postgresql")).entryList(QDir::Dirs | QDir::NoDotAndDotDot, QDir::Name);
        for (auto version = versions.rbegin(); version != versions.rend(); ++version) {
            const QString bin = QStringLiteral("/usr/lib/postgresql/%1/bin").arg(*version);
            if (QFile::exists(bin + QStringLiteral("/initdb")) && QFile::exists(bin + QStringLiteral("/pgbench"))) return bin;
        }
        return {};
    }

    ~RealPostgres() { stop(); }

    /// Makes and starts it, with pg_stat_statements. False with what went wrong in error().
    bool start()
    {
        if (geteuid() == 0 && !run(QStringLiteral("chown"), {QStringLiteral("postgres"), folder_.path()}, false)) return false;
        if (!run(programs() + QStringLiteral("/initdb"), {QStringLiteral("-D"), data(), QStringLiteral("-U"), QStringLiteral("postgres"), QStringLiteral("-A"), QStringLiteral("trust"), QStringLiteral("--no-sync")})) return false;
        const QByteArray settings = "listen_addresses = ''\nunix_socket_directories = '" + folder_.path().toUtf8() +
                                    "'\nshared_preload_libraries = 'pg_stat_statements'\nfsync = off\nmax_connections = 50\n";
        // Whoever has a password is asked for it.
        const QByteArray access = "local all secretive scram-sha-256\nlocal all all trust\n";
        if (!append(data() + QStringLiteral("/postgresql.conf"), settings) || !write(data() + QStringLiteral("/pg_hba.conf"), access)) return false;
        if (!run(programs() + QStringLiteral("/pg_ctl"), {QStringLiteral("-D"), data(), QStringLiteral("-l"), folder_.filePath(QStringLiteral("log")), QStringLiteral("-w"), QStringLiteral("-t"), QStringLiteral("60"), QStringLiteral("start")})) return false;
        started_ = true;
        return true;
    }

    void stop()
    {
        if (started_) run(programs() + QStringLiteral("/pg_ctl"), {QStringLiteral("-D"), data(), QStringLiteral("-m"), QStringLiteral("immediate"), QStringLiteral("-w"), QStringLiteral("stop")});
        started_ = false;
    }

    /// SIGKILL to the server and all its sessions.
    void kill()
    {
        QFile file(data() + QStringLiteral("/postmaster.pid"));
        if (!file.open(QIODevice::ReadOnly)) return;
        const pid_t pid = file.readLine().trimmed().toInt();
        if (pid <= 1) return;
        std::vector<pid_t> children;
        for (const QString& name : QDir(QStringLiteral("/proc")).entryList(QDir::Dirs)) {
            QFile stat(QStringLiteral("/proc/%1/stat").arg(name));
            // "pid (name) state parent ...", and a name may have blanks.
            if (name.toInt() > 1 && stat.open(QIODevice::ReadOnly) && stat.readAll().split(')').last().simplified().split(' ').value(1).toInt() == pid) children.push_back(name.toInt());
        }
        ::kill(pid, SIGKILL);
        for (const pid_t child : children) ::kill(child, SIGKILL);
        started_ = false;
    }

    /// Runs SQL; what it printed, unaligned. Null when it failed.
    QString sql(const QString& text, const QString& database = QStringLiteral("bench"))
    {
        QProcess psql;
        psql.start(QStringLiteral("psql"), {QStringLiteral("-X"), QStringLiteral("-q"), QStringLiteral("-A"), QStringLiteral("-t"), QStringLiteral("-v"), QStringLiteral("ON_ERROR_STOP=1"), QStringLiteral("-d"), conninfo(database), QStringLiteral("-c"), text});
        if (!psql.waitForFinished(60'000) || psql.exitCode() != 0) {
            error_ = QString::fromUtf8(psql.readAllStandardError());
            return {};
        }
        return QString::fromUtf8(psql.readAllStandardOutput()).trimmed() + QLatin1String("");
    }

    QString folder() const { return folder_.path(); }
    QString conninfo(const QString& database, const QString& user = QStringLiteral("postgres")) const
    {
        return QStringLiteral("host=%1 dbname=%2 user=%3").arg(folder_.path(), database, user);
    }
    const QString& error() const { return error_; }

    /// Runs a program as the server's user; true when it ended with 0.
    bool run(const QString& program, QStringList arguments, bool as_server = true)
    {
        QProcess process;
        QString command = program;
        if (as_server && geteuid() == 0) {
            arguments = QStringList{QStringLiteral("-u"), QStringLiteral("postgres"), QStringLiteral("--"), program} + arguments;
            command = QStringLiteral("runuser");
        }
        process.setStandardOutputFile(QProcess::nullDevice());
        process.setWorkingDirectory(folder_.path());
        process.start(command, arguments);
        if (process.waitForFinished(120'000) && process.exitCode() == 0) return true;
        error_ = command + QLatin1Char(' ') + arguments.join(QLatin1Char(' ')) + QLatin1Char('\n') + QString::fromUtf8(process.readAllStandardError());
        return false;
    }

private:
    QString data() const { return folder_.filePath(QStringLiteral("data")); }
    static bool write(const QString& path, const QByteArray& bytes)
    {
        QFile file(path);
        return file.open(QIODevice::WriteOnly | QIODevice::Truncate) && file.write(bytes) == bytes.size();
    }
    static bool append(const QString& path, const QByteArray& bytes)
    {
        QFile file(path);
        return file.open(QIODevice::WriteOnly | QIODevice::Append) && file.write(bytes) == bytes.size();
    }

    QTemporaryDir folder_{QDir::tempPath() + QStringLiteral("/casebook-pg-XXXXXX")};
    bool started_ = false;
    QString error_;
};

}  // namespace casebook::tests
