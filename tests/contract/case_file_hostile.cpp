// A case file that somebody edited opens to a message or to what is still good, never to a crash, a hang or a write.

#include "analyzers/importers/support/import_run.h"
#include "analyzers/playbook/runner.h"
#include "analyzers/store/case_file.h"
#include "analyzers/store/query.h"
#include "tests/support/places.h"

#include <fstream>
#include <iostream>
#include <iterator>
#include <random>

namespace {

using namespace casebook;
namespace fs = std::filesystem;

int broken = 0;

void expect(bool holds, const std::string& what)
{
    if (holds) return;
    ++broken;
    std::cout << what << "\n";
}

constexpr std::string_view evidence =
    R"({"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"shop"}}]},"scopeSpans":[{"spans":[)"
    R"({"traceId":"0000000000000000000000000000000a","spanId":"0000000000000001","name":"GET /a","kind":2,"startTimeUnixNano":"1795400000000000000","endTimeUnixNano":"1795400000100000000"},)"
    R"({"traceId":"0000000000000000000000000000000a","spanId":"0000000000000002","parentSpanId":"0000000000000001","name":"SELECT","kind":3,"startTimeUnixNano":"1795400000010000000",)"
    R"("endTimeUnixNano":"1795400000020000000","attributes":[{"key":"db.query.text","value":{"stringValue":"SELECT 1"}},{"key":"db.system.name","value":{"stringValue":"postgresql"}}]}]}]}]})";

std::string bytes_of(const fs::path& path)
{
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

void write(const fs::path& path, std::string_view bytes)
{
    for (const char* suffix : {"-wal", "-shm", "-lock"}) fs::remove(path.string() + suffix);
    std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

/// Everything a person would do with a case they were sent. The answers do not matter; that they come does.
void use(const fs::path& path, const std::string& what)
{
    for (const auto mode : {CaseFile::Mode::readOnly, CaseFile::Mode::readWrite}) {
        auto file = CaseFile::open(path.string(), mode);
        if (!file) {
            expect(!file.error().what.empty(), what + ": an error without words");
            continue;
        }
        (void)import_files(**file);
        for (const char* sql : {"SELECT count(*), sum(duration_ns) FROM span", "SELECT * FROM span_attribute", "SELECT * FROM statement", "SELECT * FROM finding"}) {
            const auto rows = run_query(**file, sql, {}, {1000, 2000, 0}, Control());
            if (!rows) expect(!rows.error().what.empty(), what + ": an error without words");
        }
        (void)stored_report(**file);
        const auto report = analyze(**file, {}, Control());
        if (!report) expect(!report.error().what.empty(), what + ": an error without words");
    }
}

/// Runs SQL on a copy of the case as any SQLite program could, and uses the result.
void edited(const fs::path& path, const std::string& good, const std::string& sql, const std::string& what)
{
    write(path, good);
    {
        auto raw = Database::open(path.string(), Database::Mode::readWrite);
        if (!raw) return expect(false, what + ": cannot prepare");
        (void)(*raw)->execute("PRAGMA journal_mode = DELETE");
        const Status done = (*raw)->execute(sql);
        expect(done.has_value(), what + ": cannot prepare: " + (done ? "" : done.error().what));
    }
    use(path, what);
}

void refuses_writes(CaseFile& file)
{
    for (const char* sql : {"DELETE FROM import_files", "DROP TABLE statements", "UPDATE windows SET name = 'x'", "INSERT INTO windows VALUES ('a', '', 0, 1)", "PRAGMA journal_mode = OFF",
                            "ATTACH DATABASE '/etc/passwd' AS p", "VACUUM", "SELECT load_extension('x')", "SELECT writefile('x', 'y')", "SELECT readfile('/etc/passwd')",
                            "CREATE TEMP TABLE t (a)", "SELECT 1; DELETE FROM import_files", "BEGIN", "SELECT fts3_tokenizer('simple')", "", "   ", "-- nothing"}) {
        const auto result = run_query(file, sql, {}, {10, 1000, 0}, Control());
        expect(!result.has_value(), std::string("a stored query may run: ") + sql);
    }
    for (const char* sql : {"WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r) SELECT count(*) FROM r", "WITH RECURSIVE r(s) AS (SELECT 'x' UNION ALL SELECT s || s FROM r) SELECT sum(length(s)) FROM r"}) {
        const auto endless = run_query(file, sql, {}, {10, 500, 0}, Control());
        expect(!endless.has_value(), std::string("an endless query ends: ") + sql);
    }
    expect(run_query(file, "SELECT count(*) FROM span", {}, {}, Control()).has_value(), "a good query runs after bad ones");
}

}  // namespace

int main()
{
    const tests::TemporaryFolder folder;
    const fs::path path = folder.path() / "case.casebook";
    {
        auto file = CaseFile::open_or_create(path.string());
        if (!file || !import_bytes(**file, "spans.json", evidence, {}, Control()) || !analyze(**file, {}, Control())) return std::cout << "cannot make a case\n", 1;
        refuses_writes(**file);
        auto second = CaseFile::open(path.string(), CaseFile::Mode::readWrite);
        expect(!second && second.error().code == Error::Code::busy && second.error().what.find("process") != std::string::npos, "a second writer is told who has the case");
        auto reader = CaseFile::open(path.string(), CaseFile::Mode::readOnly);
        expect(reader.has_value(), "a reader may look beside the writer");
    }
    const std::string good = bytes_of(path);

    edited(path, good, "UPDATE span_chunks SET raw_bytes = 1152921504606846976", "absurd chunk size");
    edited(path, good, "UPDATE span_chunks SET raw_bytes = -1", "negative chunk size");
    edited(path, good, "UPDATE span_chunks SET raw_bytes = 30", "small chunk size");
    edited(path, good, "UPDATE span_chunks SET spans = 9223372036854775807", "absurd span count");
    edited(path, good, "UPDATE span_chunks SET columns = randomblob(500)", "chunk of noise");
    edited(path, good, "UPDATE span_chunks SET columns = x'28b52ffd'", "cut chunk");
    edited(path, good, "UPDATE span_chunks SET columns = 'text', raw_bytes = 'many'", "chunk of other types");
    edited(path, good, "DROP VIEW statement", "view missing");
    edited(path, good, "DROP TABLE statements", "table missing");
    edited(path, good, "DROP VIEW statement; CREATE VIEW statement AS WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r) SELECT n FROM r", "endless view");
    edited(path, good, "DROP TABLE statements; CREATE VIEW statements AS WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r) SELECT n AS file_id FROM r", "endless view for a table");
    edited(path, good, "CREATE TRIGGER t AFTER UPDATE ON case_state BEGIN DELETE FROM import_files; END", "trigger");
    edited(path, good, "ALTER TABLE events ADD COLUMN more TEXT", "further column");
    edited(path, good, "PRAGMA user_version = 999", "newer schema");
    edited(path, good, "PRAGMA user_version = -5", "negative schema");
    edited(path, good, "PRAGMA application_id = 7", "another program's file");
    edited(path, good, "UPDATE reports SET document = '{\"findings\":[{\"evidence\":[{\"sql\":\"DROP TABLE windows\"}]},5,null]}'", "hostile report");
    edited(path, good, "UPDATE reports SET document = substr(document, 1, 20)", "cut report");
    edited(path, good, "UPDATE windows SET from_ns = 9223372036854775807; INSERT INTO windows VALUES ('incident', 'incident', -9223372036854775807, 9223372036854775807)", "absurd window");
    edited(path, good, "INSERT INTO statements (file_id, snapshot_at_ns, query_id, fingerprint, query, calls, rows, total_ms, shared_hit) VALUES (1, -9223372036854775807, '1', 'f', 'select 1', "
                       "9223372036854775807, 9223372036854775807, 9e999, 9223372036854775807), (1, -9223372036854775807, '2', 'f', 'select 1', 9223372036854775807, 9223372036854775807, -1, "
                       "9223372036854775807), (1, 9223372036854775807, '1', 'f', 'select 1', -9223372036854775807, -1, 0, -9223372036854775807)", "absurd statements");
    edited(path, good, "INSERT INTO heap_classes VALUES (1, -9223372036854775807, 'A', 9223372036854775807, 9223372036854775807), (1, -9223372036854775807, 'B', 9223372036854775807, "
                       "9223372036854775807), (1, 0, 'A', -9223372036854775807, -9223372036854775807), (1, 9223372036854775807, 'A', 1, 1)", "absurd histograms");
    edited(path, good, "INSERT INTO gc_pauses VALUES (1, -9223372036854775807, 'G1', 'full', '', 9e999, 9223372036854775807, -9223372036854775807, 0), (1, 9223372036854775807, 'G1', 'young', '', -5, "
                       "-9223372036854775807, 9223372036854775807, 9223372036854775807)", "absurd pauses");
    edited(path, good, "INSERT INTO events VALUES (1, -9223372036854775807, 'deploy', 'a', ''), (1, 9223372036854775807, 'deploy', 'a', '')", "absurd events");
    edited(path, good, "INSERT INTO metric_series VALUES (1, 1, 'cpu', 'not json', '1'); INSERT INTO metric_samples VALUES (1, 9223372036854775807, 9e999), (1, -9223372036854775807, -1)", "absurd metric");
    edited(path, good, "INSERT INTO plan_nodes (plan_id, node_id, parent_id, depth, node_type, relation, index_name, detail) VALUES (1, 0, 0, -7, 'Seq Scan', '', '', '{'); INSERT INTO plans VALUES (1, 1, '', '', '', '', 0, 0, 0, 99, 0, 'x')", "self-parented plan node");

    {
        write(path, good);
        {
            auto raw = Database::open(path.string(), Database::Mode::readWrite);
            (void)(*raw)->execute("PRAGMA journal_mode = DELETE; PRAGMA user_version = 999");
        }
        auto newer = CaseFile::open(path.string(), CaseFile::Mode::readWrite);
        expect(newer && (*newer)->read_only() && !(*newer)->notice().empty(), "a newer schema opens read-only and says why");
    }

    {
        edited(path, good, "UPDATE span_chunks SET columns = x'28b52ffd'", "cut chunk again");
        auto file = CaseFile::open(path.string(), CaseFile::Mode::readOnly);
        const auto rows = file ? run_query(**file, "SELECT count(*) FROM span", {}, {}, Control()) : fail(Error::Code::caseFile, "");
        expect(!rows && rows.error().code == Error::Code::caseFile && rows.error().what.find("file 1") != std::string::npos && !rows.error().hint.empty(),
               "a query over a damaged chunk blames the case file, names the imported file and says what to do");
    }

    std::mt19937 random(7);
    for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{99}, std::size_t{100}, good.size() / 2, good.size() - 1}) {
        write(path, std::string_view(good).substr(0, size));
        use(path, "cut to " + std::to_string(size));
    }
    for (int round = 0; round < 150; ++round) {
        std::string bytes = good;
        const int flips = 1 << (round % 8);
        for (int i = 0; i < flips; ++i) bytes[std::uniform_int_distribution<std::size_t>(round % 3 ? 100 : 0, bytes.size() - 1)(random)] = static_cast<char>(random());
        write(path, bytes);
        use(path, "flipped bytes, round " + std::to_string(round));
    }
    write(path, "this is a shopping list, not a case\n");
    use(path, "a text file");
    std::cout << (broken ? "" : "every edited case was opened or refused with words\n");
    return broken ? 1 : 0;
}
