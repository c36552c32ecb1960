#include "analyzers/core/resources.h"

namespace casebook {

std::string_view resource(std::string_view name)
{
    for (const Resource& entry : all_resources())
        if (entry.name == name) return entry.bytes;
    return {};
}

}  // namespace casebook
