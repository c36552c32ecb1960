// Stands in for libFuzzer in ordinary builds: every file of the folders and files given, whole, cut short and with bytes
// changed, always in the same way. Large files by their first part only.

#include "tests/support/places.h"

#include <algorithm>
#include <chrono>
#include <fstream>
#include <iostream>
#include <random>
#include <sstream>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size);

namespace {

namespace fs = std::filesystem;

constexpr std::size_t bytes_at_most = 64 << 10;
constexpr int mutations = 12;

void run(const std::string& bytes)
{
    // A copy of exactly this size on the heap: reading past its end is seen by AddressSanitizer.
    std::vector<unsigned char> copy(bytes.begin(), bytes.end());
    LLVMFuzzerTestOneInput(copy.data(), copy.size());
}

std::string mutated(std::string bytes, std::mt19937& random)
{
    static const std::string inserted[] = {std::string(1, '\0'), "\xff\xfe", "{", "[[[[[[[[", "\"", "-", "9999999999999999999999", "\n", "1e999"};
    for (int change = 0; change < 3 && !bytes.empty(); ++change) {
        const std::size_t at = random() % bytes.size();
        switch (random() % 4) {
        case 0: bytes[at] = static_cast<char>(random() & 0xff); break;
        case 1: bytes.erase(at, random() % 16); break;
        case 2: bytes.insert(at, inserted[random() % std::size(inserted)]); break;
        default: bytes.insert(at, bytes.substr(at, random() % 64)); break;
        }
    }
    return bytes;
}

}  // namespace

int main(int count, char** values)
{
    std::vector<fs::path> files;
    for (int i = 1; i < count; ++i) {
        if (fs::is_regular_file(values[i])) files.emplace_back(values[i]);
        if (!fs::is_directory(values[i])) continue;
        for (const auto& entry : fs::recursive_directory_iterator(values[i]))
            if (entry.is_regular_file()) files.push_back(entry.path());
    }
    std::sort(files.begin(), files.end());

    int inputs = 0;
    const auto run_counted = [&](const std::string& bytes) { run(bytes), ++inputs; };
    run_counted("");
    for (const char* text : {"\n", "{", "[", "{}", "[]", "null", "\"", "0", "<", "---", "\xff\xff\xff\xff", "\x1f\x8b", "\x28\xb5\x2f\xfd"})
        run_counted(text);
    for (const char open : {'[', '{', '(', '<', ' '}) run_counted(std::string(200'000, open));
    for (const fs::path& file : files) {
        std::ifstream in(file, std::ios::binary);
        std::ostringstream text;
        text << in.rdbuf();
        const std::string bytes = text.str().substr(0, bytes_at_most);
        run_counted(bytes);
        std::mt19937 random(4711);  // the same each time
        for (int i = 1; i < 6; ++i) run_counted(bytes.substr(0, bytes.size() * static_cast<std::size_t>(i) / 6));
        for (int i = 0; i < mutations; ++i) run_counted(mutated(bytes, random));
    }
    std::cout << files.size() << " files, " << inputs << " inputs\n";
    return 0;
}
