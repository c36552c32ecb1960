// Runs case files (tests/cases/README.md).
//   case_runner --cli PROGRAM [--update] FILE.case ...
//   case_runner --self-test
// Exit status: 0 all passed, 1 one failed, 2 usage, 77 all skipped.

#include "tests/case_runner/case_run.h"

#include <iostream>
#include <string>
#include <vector>

int main(int count, char** values)
{
    using namespace casebook::tests;
    RunOptions options;
    std::vector<std::string> files;
    for (int i = 1; i < count; ++i) {
        const std::string word = values[i];
        if (word == "--self-test") return self_test() ? 0 : 1;
        if (word == "--update") options.update = true;
        else if (word == "--cli" && i + 1 < count) options.program = values[++i];
        else files.push_back(word);
    }
    if (options.program.empty() || files.empty()) {
        std::cerr << "usage: case_runner --cli PROGRAM [--update] FILE.case ... | --self-test\n";
        return 2;
    }
    int passed = 0, failed = 0, skipped = 0;
    for (const std::string& file : files) {
        switch (run_case(file, options, std::cout)) {
        case Outcome::passed: ++passed; break;
        case Outcome::failed: ++failed; break;
        case Outcome::skipped: ++skipped; break;
        }
    }
    std::cout << passed << " passed, " << failed << " failed, " << skipped << " skipped\n";
    if (failed > 0) return 1;
    return passed == 0 && skipped > 0 ? 77 : 0;
}
