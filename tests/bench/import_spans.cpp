// Import, analysis and opening of many spans, beside JSON.parse of node on the same lines in the same run.
//   import_spans [spans] [gigabytes of varied attributes]       default: 1,000,000 and 0
// With gigabytes > 0 a second file of that size, with values that hardly repeat, is imported and its resident size printed.

#include "analyzers/importers/support/import_run.h"
#include "analyzers/playbook/runner.h"
#include "analyzers/store/case_file.h"
#include "analyzers/trace/span_cache.h"
#include "tests/bench/spans_file.h"
#include "tests/support/places.h"

#include <chrono>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <string>
#include <sys/wait.h>
#include <unistd.h>
#include <thread>

namespace {

using namespace casebook;
using bench::write_lines;
using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

double resident_mb(const char* field)
{
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);)
        if (line.rfind(field, 0) == 0) return std::strtod(line.c_str() + std::string(field).size() + 1, nullptr) / 1024;
    return 0;
}

double node_seconds(const std::string& path)
{
    const std::string command = "node -e \"const fs=require('fs');const b=fs.readFileSync('" + path +
                                "');const t=process.hrtime.bigint();let i=0,n=0;while(i<b.length){let j=b.indexOf(10,i);if(j<0)j=b.length;n+=JSON.parse(b.toString('utf8',i,j)).resourceSpans.length;i=j+1}"
                                "console.log(Number(process.hrtime.bigint()-t)/1e9)\" 2>/dev/null";
    std::FILE* pipe = popen(command.c_str(), "r");
    double seconds = 0;
    if (pipe) {
        if (std::fscanf(pipe, "%lf", &seconds) != 1) seconds = 0;
        pclose(pipe);
    }
    return seconds;
}

bool import_and_print(const std::string& case_path, const std::string& input, std::uint64_t spans)
{
    const std::uint64_t bytes = std::filesystem::file_size(input);
    const auto started = Clock::now();
    auto file = CaseFile::open_or_create(case_path);
    const auto report = file ? import_paths(**file, {input}, {}, Control()) : Result<ImportReport>(ImportReport{});
    if (!file || !report || report->files.empty() || report->files[0].stored != static_cast<std::int64_t>(spans)) return std::cout << "the import failed\n", false;
    const double seconds = seconds_since(started);
    std::printf("import              %8.2f s   %9.0f spans/s  %7.0f MB/s   resident at most %.0f MB, case %.1f B/span\n", seconds, static_cast<double>(spans) / seconds, static_cast<double>(bytes) / 1e6 / seconds,
                resident_mb("VmHWM:"), static_cast<double>(std::filesystem::file_size(case_path)) / static_cast<double>(spans));
    return true;
}

}  // namespace

int main(int argc, char** argv)
{
    const std::uint64_t wanted = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 1'000'000;
    const double gigabytes = argc > 2 ? std::strtod(argv[2], nullptr) : 0;
    const tests::TemporaryFolder folder;
    const std::string input = (folder.path() / "spans.ndjson").string(), path = (folder.path() / "bench.casebook").string();
    const std::uint64_t spans = write_lines(input, wanted, 0, false);
    std::printf("%llu spans, %.0f MB of OTLP JSON lines, %u cores\n", static_cast<unsigned long long>(spans), static_cast<double>(std::filesystem::file_size(input)) / 1e6, std::thread::hardware_concurrency());

    {
        const auto started = Clock::now();
        std::ifstream in(input, std::ios::binary);
        std::string block(1 << 20, '\0');
        std::uint64_t read = 0;
        while (in.read(block.data(), static_cast<std::streamsize>(block.size())) || in.gcount() > 0) read += static_cast<std::uint64_t>(in.gcount());
        std::printf("reading the file    %8.2f s                     %7.0f MB/s\n", seconds_since(started), static_cast<double>(read) / 1e6 / seconds_since(started));
    }
    if (!import_and_print(path, input, spans)) return 1;
    if (const double seconds = node_seconds(input); seconds > 0)
        std::printf("node JSON.parse     %8.2f s   %9.0f spans/s\n", seconds, static_cast<double>(spans) / seconds);
    {
        const auto started = Clock::now();
        auto file = CaseFile::open(path, CaseFile::Mode::readWrite);
        if (!file) return 1;
        std::printf("open the case       %8.3f s\n", seconds_since(started));
        const auto loading = Clock::now();
        if (!cached_spans(**file, Control())) return 1;
        std::printf("load all spans      %8.2f s\n", seconds_since(loading));
        const auto analysing = Clock::now();
        if (!analyze(**file, {}, Control())) return 1;
        std::printf("analyze             %8.2f s   (%zu analyzers)\n", seconds_since(analysing), all_analyzers().size());
    }
    if (gigabytes > 0) {
        // In a process of its own, so that its largest resident size is its own.
        const std::string varied = (folder.path() / "varied.ndjson").string();
        std::filesystem::remove(input);
        const std::uint64_t many = write_lines(varied, 0, static_cast<std::uint64_t>(gigabytes * 1e9), true);
        std::printf("\n%.1f GB of values that hardly repeat, %llu spans\n", gigabytes, static_cast<unsigned long long>(many));
        std::fflush(stdout);
        const pid_t child = ::fork();
        if (child == 0) {
            std::ofstream("/proc/self/clear_refs") << 5;  // resets the high-water mark
            const bool good = import_and_print((folder.path() / "varied.casebook").string(), varied, many);
            std::fflush(stdout);
            ::_exit(good ? 0 : 1);
        }
        int status = 0;
        ::waitpid(child, &status, 0);
        return status;
    }
    return 0;
}
