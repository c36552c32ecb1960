#include "app/cli/ledger.h"

#include "analyzers/core/text.h"
#include "app/cli/table.h"
#include "app/cli/terminal.h"

namespace casebook::cli {

namespace {

std::string count_or_nothing(std::int64_t count)
{
    return count == 0 ? std::string() : format_count(count);
}

std::string plural(std::int64_t count, std::string_view one, std::string_view many)
{
    return format_count(count) + " " + std::string(count == 1 ? one : many);
}

const char* words_of(ImportedFile::Status status)
{
    switch (status) {
    case ImportedFile::Status::imported: return "imported";
    case ImportedFile::Status::alreadyImported: return "already imported";
    case ImportedFile::Status::skipped: return "skipped";
    case ImportedFile::Status::failed: return "failed";
    }
    return "";
}

/// Where in the file a note points: a line number, or nothing.
std::string place_of(const ImportNote& note)
{
    return note.line > 0 ? format_count(note.line) : std::string();
}

}  // namespace

std::string ledger_text(const ImportReport& report, int width, bool color)
{
    Table files({{"id", true}, {"file"}, {"status"}, {"importer"}, {"records", true}, {"stored", true},
                 {"repaired", true}, {"dropped", true}, {"size", true}, {"time", true}});
    Table notes({{"file"}, {"line", true}, {"times", true}, {"note"}, {"detail"}});
    for (const ImportedFile& file : report.files) {
        const bool kept = file.status == ImportedFile::Status::imported || file.status == ImportedFile::Status::alreadyImported;
        if (kept)
            files.add({std::to_string(file.id), file.path, words_of(file.status), file.importer, format_count(file.records),
                       format_count(file.stored), count_or_nothing(file.repaired), count_or_nothing(file.dropped),
                       format_bytes(static_cast<double>(file.bytes)), format_ms(file.seconds * 1000)});
        else
            files.add({"", file.path, words_of(file.status), file.importer});
        if (file.status == ImportedFile::Status::skipped) continue;  // the status says it
        for (const ImportNote& note : file.notes)
            notes.add({file.path, place_of(note), format_count(note.count), note.code, note.detail});
    }
    std::string text = files.text(width, color);
    if (!notes.empty()) text += "\n" + notes.text(width, color);
    return text;
}

void print_failures(const ImportReport& report, Terminal& terminal)
{
    for (const ImportedFile& file : report.files)
        if (file.error && file.status == ImportedFile::Status::failed) {
            Error error = *file.error;
            // The engine's sentence names the file where it can; make sure it is named.
            if (error.what.find(file.path) == std::string::npos) error.what = file.path + ": " + error.what;
            terminal.error(error);
        }
}

std::string ledger_summary(const ImportReport& report)
{
    std::int64_t imported = 0, known = 0, skipped = 0, failed = 0, stored = 0, dropped = 0;
    for (const ImportedFile& file : report.files) {
        imported += file.status == ImportedFile::Status::imported;
        known += file.status == ImportedFile::Status::alreadyImported;
        skipped += file.status == ImportedFile::Status::skipped;
        failed += file.status == ImportedFile::Status::failed;
        if (file.status == ImportedFile::Status::imported) {
            stored += file.stored;
            dropped += file.dropped;
        }
    }
    std::string text = plural(imported, "file", "files") + " imported";
    if (known > 0) text += ", " + format_count(known) + " already there";
    if (skipped > 0) text += ", " + format_count(skipped) + " skipped";
    if (failed > 0) text += ", " + format_count(failed) + " failed";
    text += ": " + plural(stored, "record", "records") + " stored";
    if (dropped > 0) text += ", " + format_count(dropped) + " dropped";
    return text;
}

}  // namespace casebook::cli
