// A process killed at any moment leaves a case that opens with whole files or none: an importing child is killed 50 times
// at random moments, and after each the case must open, agree with its ledger and take the missing files.

#include "analyzers/importers/support/import_run.h"
#include "analyzers/store/case_file.h"
#include "analyzers/store/query.h"
#include "tests/support/places.h"

#include <chrono>
#include <csignal>
#include <fstream>
#include <iostream>
#include <random>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace {

using namespace casebook;
namespace fs = std::filesystem;

constexpr int files = 4, requests_per_file = 400, spans_per_request = 50;

void write_spans(const fs::path& path, int file)
{
    std::ofstream out(path);
    for (int request = 0; request < requests_per_file; ++request) {
        out << R"({"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"shop"}}]},"scopeSpans":[{"spans":[)";
        for (int span = 0; span < spans_per_request; ++span) {
            char text[320];
            std::snprintf(text, sizeof text,
                          R"(%s{"traceId":"%016x%016x","spanId":"%016x","name":"GET /%d","kind":2,"startTimeUnixNano":"17954000%011d","endTimeUnixNano":"17954000%011d"})",
                          span ? "," : "", file + 1, request + 1, request * spans_per_request + span + 1, span, request * 1000, request * 1000 + 500);
            out << text;
        }
        out << "]}]}]}\n";
    }
}

std::int64_t number(CaseFile& file, const std::string& sql)
{
    const auto result = run_query(file, sql, {}, {}, Control());
    if (!result || result->rows.empty()) return -1;
    const auto* value = std::get_if<std::int64_t>(&result->rows[0][0]);
    return value ? *value : -1;
}

bool expect(bool holds, int round, const std::string& what)
{
    if (!holds) std::cout << "round " << round << ": " << what << "\n";
    return holds;
}

}  // namespace

int main()
{
    const tests::TemporaryFolder folder;
    std::vector<std::string> inputs;
    for (int i = 0; i < files; ++i) {
        inputs.push_back((folder.path() / ("spans_" + std::to_string(i) + ".ndjson")).string());
        write_spans(inputs.back(), i);
    }
    const std::string path = (folder.path() / "killed.casebook").string();

    // How long a whole import takes here tells which moments to choose.
    const auto started = std::chrono::steady_clock::now();
    {
        auto file = CaseFile::temporary();
        if (!file || !import_paths(**file, inputs, {}, Control())) return std::cout << "the import itself fails\n", 1;
    }
    const auto whole = std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - started);

    std::mt19937 random(20260131);
    bool good = true;
    int killed = 0, partial = 0;
    for (int round = 0; round < 50 && good; ++round) {
        for (const char* suffix : {"", "-wal", "-shm", "-lock"}) fs::remove(path + suffix);
        const auto wait = std::chrono::microseconds(std::uniform_int_distribution<long>(0, whole.count())(random));
        const pid_t child = ::fork();
        if (child == 0) {
            auto file = CaseFile::open_or_create(path);
            if (file) (void)import_paths(**file, inputs, {}, Control());
            ::_exit(0);
        }
        std::this_thread::sleep_for(wait);
        ::kill(child, SIGKILL);
        int status = 0;
        ::waitpid(child, &status, 0);
        killed += WIFSIGNALED(status);

        auto file = CaseFile::open_or_create(path);
        if (!expect(file.has_value(), round, file ? "" : file.error().what)) return 1;
        const std::int64_t imported = number(**file, "SELECT count(*) FROM import_file");
        const std::int64_t spans = number(**file, "SELECT count(*) FROM span");
        const std::int64_t ledger = number(**file, "SELECT coalesce(sum(stored), 0) FROM import_file");
        partial += imported > 0 && imported < files;
        good = expect(imported >= 0 && imported <= files, round, "file count") && good;
        good = expect(spans == imported * requests_per_file * spans_per_request, round, std::to_string(spans) + " spans of " + std::to_string(imported) + " files") && good;
        good = expect(spans == ledger, round, "the ledger says " + std::to_string(ledger)) && good;
        const auto again = import_paths(**file, inputs, {}, Control());
        good = expect(again.has_value(), round, "the case takes no more files") && good;
        good = expect(number(**file, "SELECT count(*) FROM import_file") == files, round, "files are missing or doubled after the second import") && good;
        const auto check = run_query(**file, "SELECT count(*) FROM span", {}, {}, Control());
        good = expect(check.has_value() && number(**file, "SELECT count(*) FROM span") == files * requests_per_file * spans_per_request, round, "spans after the second import") && good;
    }
    std::cout << killed << " of 50 were killed while they worked, " << partial << " between two files\n";
    if (killed < 10) std::cout << "too few kills hit the import\n";
    return good && killed >= 10 ? 0 : 1;
}
