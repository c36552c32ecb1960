#include "tests/case_runner/case_run.h"
#include "tests/case_runner/case_text.h"
#include "tests/support/places.h"

#include <fstream>
#include <iostream>
#include <sstream>

namespace casebook::tests {

namespace {

namespace fs = std::filesystem;

// Stands for casebook-cli: `echo WORDS`, `fail STATUS`, `cat`, `crash`, `file PATH`, `wait`.
constexpr const char* script = R"(#!/bin/sh
command=$1; shift
case $command in
  echo) for word in "$@"; do echo "$word"; done ;;
  fail) echo "casebook-cli: it failed" >&2; exit "$1" ;;
  cat) cat ;;
  crash) kill -SEGV $$ ;;
  file) cat "$1" ;;
  wait) trap 'echo cancelled; exit 130' INT; for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do sleep 0.5; done ;;
esac
)";

struct Expectation {
    const char* name;
    const char* text;
    Outcome outcome;
};

const Expectation expectations[] = {
    {"equal output passes", "> echo one 'two three'\n----\none\ntwo three\n", Outcome::passed},
    {"different output fails", "> echo one\n----\ntwo\n", Outcome::failed},
    {"missing output fails", "> echo one\n----\n", Outcome::failed},
    {"blank lines belong to the output", "> echo one \"\" two\n----\none\n\ntwo\n\n> echo x\n----\nx\n", Outcome::passed},
    {"an unexpected status fails", "> fail 3\n----\n", Outcome::failed},
    {"an expected status passes", "> fail 3\nexit 3\nstderr it failed\n", Outcome::passed},
    {"a missing message fails", "> fail 3\nexit 3\nstderr nothing of the kind\n", Outcome::failed},
    {"a crash fails", "> crash\nexit 139\n", Outcome::failed},
    {"a file is written", "< a/b.txt\nhello\n\nworld\n\n> file @tmp/a/b.txt\n----\nhello\n\nworld\n", Outcome::passed},
    {"standard input is given", "< in.txt\nhello\n\n> cat\nstdin @tmp/in.txt\n----\nhello\n", Outcome::passed},
    {"a part of the output is found", "> echo apple pear\nstdout pea\n", Outcome::passed},
    {"a missing part of the output fails", "> echo apple\nstdout pea\n", Outcome::failed},
    {"keep without expectation is an error", "> echo apple\nkeep pea\n\n> echo b\n----\nb\n", Outcome::failed},
    {"an interrupt is sent", "> wait\nexit 130\ninterrupt 200\n----\ncancelled\n", Outcome::passed},
    {"lines are filtered", "> echo apple pear plum\nkeep pear\nkeep plum\n----\npear\nplum\n", Outcome::passed},
    {"places are taken out", "> echo CASE CASE2 @tmp/x\n----\nCASE\nCASE2\n@tmp/x\n", Outcome::passed},
    {"seconds do not count", "> echo '{\"seconds\":0.25}'\n----\n{\"seconds\":0}\n", Outcome::passed},
    {"a case that expects nothing is none", "> echo one\n", Outcome::failed},
    {"text out of place is an error", "> echo one\nnonsense\n", Outcome::failed},
    {"an unclosed quote is an error", "> echo 'one\n----\none\n", Outcome::failed},
};

std::string read_file(const fs::path& path)
{
    std::ifstream in(path, std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
}

}  // namespace

bool self_test()
{
    const TemporaryFolder folder;
    const fs::path program = folder.path() / "program";
    std::ofstream(program) << script;
    fs::permissions(program, fs::perms::owner_all);
    bool good = true;
    const auto check = [&](bool holds, const std::string& name) {
        if (!holds) std::cout << "FAIL " << name << "\n";
        good = good && holds;
    };

    for (const Expectation& expectation : expectations) {
        const fs::path file = folder.path() / "test.case";
        std::ofstream(file) << expectation.text;
        std::ostringstream log;
        const Outcome outcome = run_case(file.string(), {program.string(), false}, log);
        check(outcome == expectation.outcome, std::string(expectation.name) + "\n" + log.str());
    }

    // --update changes the expectation and nothing else, and the case passes afterwards.
    const fs::path file = folder.path() / "update.case";
    std::ofstream(file) << "# why\n\n> echo a b\n----\nold\n\n> echo c\n\n> echo d\n----\nd\n";
    std::ostringstream log;
    check(run_case(file.string(), {program.string(), true}, log) == Outcome::passed, "update passes");
    check(read_file(file) == "# why\n\n> echo a b\n----\na\nb\n\n> echo c\n\n> echo d\n----\nd\n", "update rewrites:\n" + read_file(file));
    check(run_case(file.string(), {program.string(), false}, log) == Outcome::passed, "updated case passes");
    check(difference("a\nb\nc\n", "a\nx\nc\n") == "    a\n  - b\n  + x\n    c\n", "difference");
    std::cout << (good ? "the runner works\n" : "the runner does not work\n");
    return good;
}

}  // namespace casebook::tests
