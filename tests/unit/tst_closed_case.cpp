// A closed case is one file: nothing lies beside it, neither after writing nor after reading.

#include "analyzers/importers/support/import_run.h"
#include "analyzers/store/case_file.h"
#include "tests/support/places.h"

#include <QtTest>

#include <fstream>
#include <set>

using namespace casebook;

namespace {

std::set<std::string> files_in(const std::filesystem::path& folder)
{
    std::set<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) names.insert(entry.path().filename());
    return names;
}

std::int64_t settings_in(CaseFile& file)
{
    auto statement = file.database().prepare("SELECT count(*) FROM settings");
    return statement && statement->step() ? statement->integer(0) : -1;
}

}  // namespace

class TestClosedCase : public QObject {
    Q_OBJECT
private slots:
    void init()
    {
        folder_ = std::make_unique<tests::TemporaryFolder>();
        path_ = (folder_->path() / "night.casebook").string();
        auto file = CaseFile::open_or_create(path_);
        QVERIFY(file);
        QVERIFY((*file)->database().execute("INSERT INTO settings (file_id, source, name, value, unit) VALUES (0, 'a', 'b', '1', '')"));
    }

    void writing_leaves_one_file() { QCOMPARE(files_in(folder_->path()), std::set<std::string>{"night.casebook"}); }

    void reading_leaves_one_file()
    {
        {
            auto file = CaseFile::open(path_, CaseFile::Mode::readOnly);
            QVERIFY(file);
            QCOMPARE(settings_in(**file), std::int64_t{1});
        }
        QCOMPARE(files_in(folder_->path()), std::set<std::string>{"night.casebook"});
    }

    void readers_beside_a_writer_see_what_is_committed()
    {
        auto writer = CaseFile::open(path_, CaseFile::Mode::readWrite);
        QVERIFY(writer);
        auto reader = CaseFile::open(path_, CaseFile::Mode::readOnly);
        QVERIFY(reader);
        QVERIFY((*writer)->database().execute("INSERT INTO settings (file_id, source, name, value, unit) VALUES (0, 'a', 'c', '2', '')"));
        QCOMPARE(settings_in(**reader), std::int64_t{2});
        writer->reset();  // the reader is still there
        QCOMPARE(settings_in(**reader), std::int64_t{2});
        reader->reset();
        auto again = CaseFile::open(path_, CaseFile::Mode::readWrite);
        QVERIFY(again);
        QCOMPARE(settings_in(**again), std::int64_t{2});
        again->reset();
        QCOMPARE(files_in(folder_->path()), std::set<std::string>{"night.casebook"});
    }

    void a_reader_does_not_keep_a_writer_out()
    {
        auto reader = CaseFile::open(path_, CaseFile::Mode::readOnly);
        QVERIFY(reader);
        QCOMPARE(settings_in(**reader), std::int64_t{1});
        auto writer = CaseFile::open(path_, CaseFile::Mode::readWrite);
        QVERIFY2(writer, writer ? "" : writer.error().what.c_str());
        QVERIFY((*writer)->database().execute("INSERT INTO settings (file_id, source, name, value, unit) VALUES (0, 'a', 'c', '2', '')"));
        QCOMPARE(settings_in(**reader), std::int64_t{2});
    }

private:
    std::unique_ptr<tests::TemporaryFolder> folder_;
    std::string path_;
};

QTEST_APPLESS_MAIN(TestClosedCase)
#include "tst_closed_case.moc"
