// A case of an older schema is brought up to date when it is opened for writing, and keeps its rows.
#include "analyzers/core/resources.h"
#include "analyzers/store/case_file.h"
#include "analyzers/store/database.h"
#include "analyzers/store/query.h"

#include <QTemporaryDir>
#include <QtTest>

using namespace casebook;

class TestSchema : public QObject {
    Q_OBJECT

private slots:
    void the_first_schema_becomes_the_newest()
    {
        QTemporaryDir folder;
        const std::string path = folder.filePath(QStringLiteral("old.casebook")).toStdString();
        std::int64_t application = 0;
        {
            auto newest = CaseFile::open_or_create(path + "2");
            QVERIFY(newest);
            auto raw = Database::open(path + "2", Database::Mode::readOnly);
            QVERIFY(raw);
            auto id = (*raw)->prepare("PRAGMA application_id");
            QVERIFY(id && id->step());
            application = id->integer(0);
        }
        {
            auto raw = Database::open(path, Database::Mode::create);
            QVERIFY(raw);
            QVERIFY((*raw)->execute(std::string(resource("schema/1.sql"))));
            QVERIFY((*raw)->execute("INSERT INTO threads VALUES (1, 5, 'main', 'RUNNABLE', '', '', 'f'); PRAGMA user_version = 1; PRAGMA application_id = " + std::to_string(application)));
        }
        const auto unread = CaseFile::open(path, CaseFile::Mode::readOnly);
        QVERIFY(!unread);
        QVERIFY(!unread.error().hint.empty());
        auto file = CaseFile::open(path, CaseFile::Mode::readWrite);
        QVERIFY2(file, file ? "" : file.error().what.c_str());
        QCOMPARE((*file)->schema_version(), CaseFile::current_schema_version());
        const auto rows = run_query(**file, "SELECT name, top_frame, stack FROM thread", {}, {}, {});
        QVERIFY(rows);
        QCOMPARE(rows->rows.size(), std::size_t{1});
        QCOMPARE(to_text(rows->rows[0][0]), std::string("main"));
        QCOMPARE(to_text(rows->rows[0][2]), std::string());
    }
};

QTEST_APPLESS_MAIN(TestSchema)
#include "tst_schema.moc"
