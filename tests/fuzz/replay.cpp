// Stands in for libFuzzer in ordinary builds: every file of the folders and files given, whole, cut short and with bytes
// changed, always in the same way. Large files by their first part only.
//   fuzz_import [--seconds N] FILE|FOLDER ...   goes on with further changes, other ones each time, for N seconds
// An input that ends the program is left in fuzz-last-input in the current folder: give it as FILE to see it again.

#include "tests/support/places.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <fcntl.h>
#include <fstream>
#include <iostream>
#include <random>
#include <string_view>
#include <sys/mman.h>
#include <unistd.h>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size);

namespace {

namespace fs = std::filesystem;

constexpr std::size_t bytes_at_most = 64 << 10;
constexpr int mutations = 12;

/// Keeps the input that runs now in a file that outlives a crash: a shared mapping needs no write call per input.
class LastInput {
public:
    LastInput() : file_(::open("fuzz-last-input", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600))
    {
        if (file_ < 0 || ::ftruncate(file_, size) != 0) return;
        void* mapped = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, file_, 0);
        if (mapped != MAP_FAILED) bytes_ = static_cast<char*>(mapped);
    }
    ~LastInput()
    {
        if (bytes_) ::munmap(bytes_, size);
        if (file_ >= 0) ::close(file_);
        ::unlink("fuzz-last-input");
    }
    LastInput(const LastInput&) = delete;
    LastInput& operator=(const LastInput&) = delete;

    void keep(std::string_view bytes)
    {
        if (!bytes_ || bytes.size() > size) return;
        if (bytes.size() < used_) std::fill(bytes_ + bytes.size(), bytes_ + used_, '\n');
        std::copy(bytes.begin(), bytes.end(), bytes_);
        used_ = bytes.size();
    }

private:
    static constexpr std::size_t size = 256 << 10;
    int file_;
    char* bytes_ = nullptr;
    std::size_t used_ = 0;
};

std::string beginning_of(const fs::path& file)
{
    std::ifstream in(file, std::ios::binary);
    std::string bytes(bytes_at_most, '\0');
    in.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    bytes.resize(static_cast<std::size_t>(in.gcount()));
    return bytes;
}

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
    std::chrono::seconds further{0};
    for (int i = 1; i < count; ++i) {
        if (std::string_view(values[i]) == "--seconds" && i + 1 < count) {
            further = std::chrono::seconds(std::atoi(values[++i]));
            continue;
        }
        if (fs::is_regular_file(values[i])) files.emplace_back(values[i]);
        if (!fs::is_directory(values[i])) continue;
        for (const auto& entry : fs::recursive_directory_iterator(values[i]))
            if (entry.is_regular_file()) files.push_back(entry.path());
    }
    std::sort(files.begin(), files.end());

    LastInput last;
    int inputs = 0;
    const auto run_counted = [&](const std::string& bytes) {
        last.keep(bytes);
        run(bytes);
        ++inputs;
    };
    run_counted("");
    for (const char* text : {"\n", "{", "[", "{}", "[]", "null", "\"", "0", "<", "---", "\xff\xff\xff\xff", "\x1f\x8b", "\x28\xb5\x2f\xfd"})
        run_counted(text);
    for (const char open : {'[', '{', '(', '<', ' '}) run_counted(std::string(200'000, open));
    for (const fs::path& file : files) {
        const std::string bytes = beginning_of(file);
        run_counted(bytes);
        std::mt19937 random(4711);  // the same each time
        for (int i = 1; i < 6; ++i) run_counted(bytes.substr(0, bytes.size() * static_cast<std::size_t>(i) / 6));
        for (int i = 0; i < mutations; ++i) run_counted(mutated(bytes, random));
    }
    const auto until = std::chrono::steady_clock::now() + further;
    std::mt19937 random(std::random_device{}());
    while (!files.empty() && std::chrono::steady_clock::now() < until) {
        std::string bytes = beginning_of(files[random() % files.size()]);
        // Two files in one: the head of one kind may lead another kind's reader astray.
        if (random() % 8 == 0) bytes = bytes.substr(0, random() % 4096) + beginning_of(files[random() % files.size()]);
        if (random() % 4 == 0) bytes.resize(random() % (bytes.size() + 1));
        for (auto rounds = 1 + random() % 4; rounds > 0; --rounds) bytes = mutated(std::move(bytes), random);
        run_counted(bytes);
    }
    std::cout << files.size() << " files, " << inputs << " inputs\n";
    return 0;
}
