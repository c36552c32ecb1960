// Bytes -> sniff -> every importer. Nothing may crash, hang or read what it must not, whatever the bytes are.

#include "analyzers/core/importer.h"
#include "analyzers/importers/support/source.h"
#include "tests/fuzz/null_context.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size)
{
    using namespace casebook;
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    Probe probe;
    probe.path = "fuzz";
    probe.head = bytes.substr(0, 64 << 10);
    probe.whole = bytes.size() <= probe.head.size();
    for (const Importer* importer : all_importers()) {
        const int score = importer->sniff(probe);
        if (score < 0 || score > 100) __builtin_trap();
        // Also those that do not recognise it: --as asks for them.
        Control control;
        const auto source = Source::from_memory(bytes, control);
        tests::NullContext context;
        (void)importer->read(*source, context);
    }
    return 0;
}
