#include "analyzers/importers/support/import_run.h"

#include "analyzers/core/importer.h"
#include "analyzers/core/instant.h"
#include "analyzers/core/json_writer.h"
#include "analyzers/core/text.h"
#include "analyzers/importers/support/archive_stream.h"
#include "analyzers/importers/support/import_context.h"
#include "analyzers/importers/support/source.h"
#include "analyzers/importers/support/utf16_source.h"
#include "analyzers/store/case_file.h"

#include <algorithm>
#include <chrono>
#include <filesystem>

namespace casebook {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t probe_bytes = 64u << 10;
constexpr const char* what_is_read = "It reads traces, metrics, statement dumps, plans, GC logs, histograms and more: casebook-cli list importers";

std::string extension_of(std::string_view path)
{
    std::string name = lower(path.substr(path.find_last_of('/') == std::string_view::npos ? 0 : path.find_last_of('/') + 1));
    for (const std::string_view packed : {".gz", ".zst", ".bz2", ".xz"})
        if (name.size() > packed.size() && std::string_view(name).substr(name.size() - packed.size()) == packed) name.resize(name.size() - packed.size());
    const std::size_t dot = name.rfind('.');
    return dot == std::string::npos ? std::string() : name.substr(dot + 1);
}

/// The importer for an input: the one asked for, else the best sniffer. A tie names both.
Result<const Importer*> choose(const std::string& path, std::string_view head, bool whole, const ImportOptions& options)
{
    if (!options.importer.empty()) {
        for (const Importer* importer : all_importers())
            if (importer->id == options.importer) return importer;
        return fail(Error::Code::usage, "there is no importer " + options.importer, "casebook-cli list importers shows them");
    }
    const auto scores = sniff_scores(path, head, whole);
    if (scores.empty())
        return fail(Error::Code::notUnderstood, path + " is nothing Casebook can read", what_is_read);
    if (scores.size() > 1 && scores[0].score == scores[1].score)
        return fail(Error::Code::notUnderstood, path + " could be " + scores[0].importer + " or " + scores[1].importer,
                    "Say which with --as " + scores[0].importer + " or --as " + scores[1].importer);
    for (const Importer* importer : all_importers())
        if (importer->id == scores[0].importer) return importer;
    return fail(Error::Code::internal, "the registry changed");
}

class Run {
public:
    Run(CaseFile& file, const ImportOptions& options, const Control& control) : file_(file), options_(options), control_(control) {}

    /// Only cancelled and case file errors come back; all else is in the report.
    Status input(const std::string& path, bool named)
    {
        TRY(control_.check());
        std::error_code error;
        if (path != "-" && fs::is_directory(path, error)) return directory(path);
        auto source = Source::open(path, control_);
        if (!source) return failed(path, named, std::move(source.error()));
        const auto head = (*source)->window(probe_bytes);
        if (!head || !is_archive(*head)) return one(path, **source, named);
        if (path == "-") return archive(path, named, source->get(), 1);
        source->reset();  // a zip file on disk is read by its directory
        return archive(path, named, nullptr, 1);
    }

    Status one(const std::string& path, Source& source, bool named)
    {
        ImportedFile entry;
        entry.path = path;
        entry.named = named;
        const auto started = std::chrono::steady_clock::now();
        const auto mark = source.window(2);
        const auto text = mark && is_utf16(*mark) ? utf16_source(source, control_) : nullptr;
        Status status = read(entry, text ? *text : source);
        entry.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
        if (!status) {
            if (status.error().code == Error::Code::cancelled || status.error().code == Error::Code::caseFile || status.error().code == Error::Code::busy) return status;
            const bool foreign = status.error().code == Error::Code::notUnderstood && entry.importer.empty();
            entry.status = !named && foreign ? ImportedFile::Status::skipped : ImportedFile::Status::failed;
            if (entry.status == ImportedFile::Status::skipped) entry.notes = {{0, "skipped", status.error().what, 1}};
            else entry.error = std::move(status.error());
            entry.records = entry.stored = entry.repaired = entry.dropped = 0;
        }
        report.files.push_back(std::move(entry));
        return {};
    }

    ImportReport report;

private:
    Status failed(const std::string& path, bool named, Error error)
    {
        if (error.code == Error::Code::cancelled) return tl::unexpected<Error>(std::move(error));
        ImportedFile entry;
        entry.path = path;
        entry.named = named;
        entry.status = ImportedFile::Status::failed;
        entry.error = std::move(error);
        report.files.push_back(std::move(entry));
        return {};
    }

    Status directory(const std::string& path)
    {
        std::vector<std::string> files;
        std::error_code error;
        fs::recursive_directory_iterator walk(path, fs::directory_options::skip_permission_denied, error);
        if (error) return failed(path, true, {Error::Code::unreadable, "cannot read " + path + ": " + error.message(), {}});
        for (const fs::recursive_directory_iterator end; walk != end; walk.increment(error)) {
            if (error) break;
            const std::string name = walk->path().filename().string();
            if (!name.empty() && name.front() == '.') {
                walk.disable_recursion_pending();
                continue;
            }
            if (walk->is_regular_file(error)) files.push_back(walk->path().string());
        }
        std::sort(files.begin(), files.end(), natural_less);
        const std::size_t before = report.files.size();
        for (const std::string& file : files) TRY(input(file, false));
        if (report.files.size() == before)
            return failed(path, true, {Error::Code::notUnderstood, path + " holds no files", "Give the folder that holds the evidence"});
        return all_skipped(path, true, before);
    }

    /// A folder or archive in which nothing was understood is an error of its own when it was named.
    Status all_skipped(const std::string& path, bool named, std::size_t before)
    {
        const bool understood = std::any_of(report.files.begin() + static_cast<std::ptrdiff_t>(before), report.files.end(),
                                            [](const ImportedFile& f) { return f.status != ImportedFile::Status::skipped; });
        if (named && !understood) return failed(path, true, {Error::Code::notUnderstood, "nothing in " + path + " is anything Casebook can read", what_is_read});
        return {};
    }

    /// The members of the archive at `path`, or of the bytes `inside` another one.
    Status archive(const std::string& path, bool named, Source* inside, int depth)
    {
        const std::size_t before = report.files.size();
        const MemberVisitor visit = [&](const std::string& name, Source& bytes) -> Status {
            const std::string file_name = name.substr(name.find_last_of('/') == std::string::npos ? 0 : name.find_last_of('/') + 1);
            if (file_name.empty() || file_name.front() == '.') return {};
            return member(path + "!/" + name, bytes, depth);
        };
        Status status = inside ? for_each_member(*inside, path, control_, visit) : for_each_member(path, control_, visit);
        if (!status) {
            const auto code = status.error().code;
            if (code == Error::Code::cancelled || code == Error::Code::caseFile || code == Error::Code::busy) return status;
            return failed(path, named, std::move(status.error()));
        }
        if (report.files.size() == before) return failed(path, named, {Error::Code::notUnderstood, path + " holds no files", "Give the archive that holds the evidence"});
        return all_skipped(path, named, before);
    }

    /// A member of an archive: compressed ones are unpacked, archives in archives walked to a depth that people use.
    Status member(const std::string& path, Source& bytes, int depth)
    {
        constexpr int deepest = 4;
        const auto head = bytes.window(probe_bytes);
        if (head && is_compressed(*head)) {
            auto unpacked = unpacked_source(bytes, path, control_);
            if (!unpacked) return failed(path, false, std::move(unpacked.error()));
            const auto text = (*unpacked)->window(probe_bytes);
            if (text && is_archive(*text) && depth < deepest) return archive(path, false, unpacked->get(), depth + 1);
            return one(path, **unpacked, false);
        }
        if (head && is_archive(*head) && depth < deepest) return archive(path, false, &bytes, depth + 1);
        return one(path, bytes, false);
    }

    Status read(ImportedFile& entry, Source& source)
    {
        TRY_ASSIGN(const std::string_view window, source.window(probe_bytes));
        if (trim(window).empty() && window.size() < probe_bytes)
            return fail(Error::Code::notUnderstood, entry.path + " is empty", "Check that the export finished");
        const std::string_view head = window.substr(0, probe_bytes);
        TRY_ASSIGN(const Importer* importer, choose(entry.path, head, window.size() <= probe_bytes, options_));
        entry.importer = importer->id;

        Database& database = file_.database();
        TRY_ASSIGN(Transaction transaction, Transaction::begin(database));
        TRY_ASSIGN(Statement insert, database.prepare("INSERT INTO import_files (path, importer, window, records, stored, repaired, dropped, bytes, seconds, content_hash) "
                                                      "VALUES (?1, ?2, ?3, 0, 0, 0, 0, 0, 0, '')"));
        insert.bind(1, std::string_view(clean_utf8(entry.path))).bind(2, importer->id);
        if (!options_.window.empty()) insert.bind(3, std::string_view(options_.window));
        TRY(insert.run());
        entry.id = database.last_row_id();

        const auto started = std::chrono::steady_clock::now();
        std::optional<std::int64_t> name_time;
        {
            RowWriter writer(database, entry.id);
            StoreImportContext context(writer, source, options_, entry.path, control_);
            TRY(importer->read(source, context));
            for (;;) {  // whatever the importer left: the content hash is over everything
                TRY_ASSIGN(const std::string_view left, source.window(1));
                if (left.empty()) break;
                source.consume(left.size());
            }
            TRY(writer.finish());
            context.fill(entry);
            name_time = context.used_name_time();
        }
        entry.bytes = static_cast<std::int64_t>(source.offset());
        // A query that returned no rows is an answer too, and so is a log of a time in which nothing happened; the importers that
        // can tell say so.
        const bool no_rows = entry.records == 0 && std::any_of(entry.notes.begin(), entry.notes.end(), [](const auto& note) { return note.code == "no_rows" || note.code == "no_pauses"; });
        if (entry.records == 0 && !no_rows)
            return fail(Error::Code::notUnderstood, entry.path + " holds no " + std::string(importer->title) + " records" +
                            (entry.notes.empty() ? std::string() : ": " + entry.notes.front().detail),
                        "Check that the export is complete");
        if (entry.stored == 0 && !no_rows)
            return fail(Error::Code::notUnderstood, entry.path + " holds no usable record: " + (entry.notes.empty() ? std::string("all were dropped") : entry.notes.front().detail),
                        "Check that the export is complete");

        const std::string hash = source.content_hash();
        TRY_ASSIGN(const std::int64_t same, id_of_content(hash, name_time));
        if (same != 0 && !options_.replace) {
            entry.status = ImportedFile::Status::alreadyImported;
            entry.id = same;
            return {};  // the transaction rolls back
        }
        entry.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
        TRY(write_ledger(entry, hash));
        TRY(file_.touch());
        TRY(transaction.commit());
        // Replaced content goes only after the new one is safe.
        if (same != 0) TRY(forget_file(file_, same));
        return {};
    }

    /// The file with this content, or 0. Snapshots that only their names date are two when the names say two times: that
    /// counters stood still in between is evidence.
    Result<std::int64_t> id_of_content(const std::string& hash, std::optional<std::int64_t> name_time)
    {
        TRY_ASSIGN(Statement statement, file_.database().prepare("SELECT id, path FROM import_files WHERE content_hash = ?1 ORDER BY id"));
        statement.bind(1, std::string_view(hash));
        for (;;) {
            TRY_ASSIGN(const bool row, statement.step());
            if (!row) return 0;
            const auto other_time = instant_in_file_name(statement.text(1));
            if (!name_time || !other_time || *name_time == *other_time) return statement.integer(0);
        }
    }

    Status write_ledger(const ImportedFile& entry, const std::string& hash)
    {
        TRY_ASSIGN(Statement update, file_.database().prepare("UPDATE import_files SET records = ?2, stored = ?3, repaired = ?4, dropped = ?5, bytes = ?6, "
                                                              "seconds = ?7, content_hash = ?8 WHERE id = ?1"));
        update.bind(1, entry.id).bind(2, entry.records).bind(3, entry.stored).bind(4, entry.repaired).bind(5, entry.dropped);
        TRY(update.bind(6, entry.bytes).bind(7, entry.seconds).bind(8, std::string_view(hash)).run());
        TRY_ASSIGN(Statement insert, file_.database().prepare("INSERT INTO import_notes (file_id, line, code, detail, count) VALUES (?1, ?2, ?3, ?4, ?5)"));
        for (const ImportNote& note : entry.notes) {
            insert.bind(1, entry.id).bind(3, std::string_view(note.code)).bind(4, std::string_view(note.detail)).bind(5, note.count);
            if (note.line > 0) insert.bind(2, note.line);
            else insert.bind_null(2);
            TRY(insert.run());
        }
        return {};
    }

    CaseFile& file_;
    const ImportOptions& options_;
    const Control& control_;
};

}  // namespace

const char* name_of(ImportedFile::Status status)
{
    switch (status) {
    case ImportedFile::Status::imported: return "imported";
    case ImportedFile::Status::alreadyImported: return "already_imported";
    case ImportedFile::Status::skipped: return "skipped";
    case ImportedFile::Status::failed: return "failed";
    }
    return "failed";
}

bool ImportReport::any_named_failed() const
{
    return std::any_of(files.begin(), files.end(), [](const ImportedFile& file) { return file.named && file.status == ImportedFile::Status::failed; });
}

std::vector<SniffScore> sniff_scores(const std::string& path, std::string_view head, bool whole)
{
    const std::string extension = extension_of(path);
    const Probe probe{path, extension, head, whole};
    std::vector<SniffScore> scores;
    for (const Importer* importer : all_importers())
        if (const int score = importer->sniff(probe); score > 0) scores.push_back({std::string(importer->id), score});
    std::stable_sort(scores.begin(), scores.end(), [](const SniffScore& a, const SniffScore& b) { return a.score > b.score; });
    return scores;
}

Result<ImportReport> import_paths(CaseFile& file, const std::vector<std::string>& paths, const ImportOptions& options, const Control& control)
{
    if (file.read_only()) return fail(Error::Code::caseFile, file.path() + " is open for reading only", file.notice());
    Run run(file, options, control);
    for (const std::string& path : paths) TRY(run.input(path, true));
    return std::move(run.report);
}

Result<ImportReport> import_bytes(CaseFile& file, const std::string& name, std::string_view bytes, const ImportOptions& options, const Control& control)
{
    if (file.read_only()) return fail(Error::Code::caseFile, file.path() + " is open for reading only", file.notice());
    Run run(file, options, control);
    const auto source = Source::from_memory(bytes, control);
    TRY(run.one(name, *source, true));
    return std::move(run.report);
}

std::string to_json(const ImportReport& report)
{
    JsonWriter json;
    json.begin_object().key("files").begin_array();
    for (const ImportedFile& file : report.files) {
        json.begin_object();
        json.key("id").value(file.id).key("path").value(file.path).key("importer").value(file.importer);
        json.key("records").value(file.records).key("stored").value(file.stored).key("repaired").value(file.repaired).key("dropped").value(file.dropped);
        json.key("notes").begin_array();
        for (const ImportNote& note : file.notes) {
            json.begin_object().key("line");
            if (note.line > 0) json.value(note.line);
            else json.null();
            json.key("code").value(note.code).key("detail").value(note.detail).key("count").value(note.count).end_object();
        }
        json.end_array();
        json.key("seconds").value(file.seconds).key("bytes").value(file.bytes).key("status").value(name_of(file.status));
        if (file.error) {
            json.key("error").begin_object().key("code").value(name_of(file.error->code)).key("what").value(file.error->what);
            json.key("hint").value(file.error->hint).end_object();
        }
        json.end_object();
    }
    json.end_array().end_object();
    return json.take();
}

}  // namespace casebook
