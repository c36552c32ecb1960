#include "analyzers/core/ranks.h"

#include <algorithm>
#include <cstddef>
#include <numeric>

namespace casebook {

Ranks rank(std::span<const double> values)
{
    std::vector<std::size_t> order(values.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return values[a] < values[b]; });
    Ranks ranks;
    ranks.of.resize(values.size());
    for (std::size_t begin = 0; begin < order.size();)
    {
        std::size_t end = begin + 1;
        while (end < order.size() && values[order[end]] == values[order[begin]])
            ++end;
        for (std::size_t i = begin; i < end; ++i)
            ranks.of[order[i]] = static_cast<double>(begin + 1 + end) / 2;
        if (end - begin > 1)
            ranks.ties.push_back(static_cast<double>(end - begin));
        begin = end;
    }
    return ranks;
}

}  // namespace casebook
