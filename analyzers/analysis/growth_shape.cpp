#include "analyzers/analysis/growth_shape.h"

#include "analyzers/core/statistics.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace casebook {
namespace {

constexpr std::size_t fewest_values = 5;
// Student's t, one-sided 1 %, by degrees of freedom from 1 on; beyond the table its last value.
constexpr std::array t_one_percent{31.82, 6.965, 4.541, 3.747, 3.365, 3.143, 2.998, 2.896, 2.821, 2.764};
constexpr double over_load = 1.25;  // more than in proportion to the load, with room for chance

}  // namespace

bool slows_down(const std::vector<double>& x, const std::vector<double>& y, double end_rate)
{
    const std::size_t n = std::min(x.size(), y.size());
    if (n < fewest_values || x.back() <= x.front()) return false;
    // y = a + b u + c w with u centred and w = u^2 freed of its linear part, so that the three do not mix.
    const double middle = mean(x), scale = x.back() - x.front();
    std::vector<double> u, w;
    for (const double value : x) {
        u.push_back((value - middle) / scale);
        w.push_back(u.back() * u.back());
    }
    const LinearFit line = linear_fit(u, y), bow = linear_fit(u, w);
    double ww = 0, wy = 0, squares = 0;
    for (std::size_t i = 0; i < n; ++i) {
        w[i] -= bow.intercept + bow.slope * u[i];
        ww += w[i] * w[i];
        wy += w[i] * (y[i] - line.intercept - line.slope * u[i]);
    }
    if (ww <= 0 || line.slope <= 0) return false;
    const double bend = wy / ww;
    for (std::size_t i = 0; i < n; ++i) squares += std::pow(y[i] - line.intercept - line.slope * u[i] - bend * w[i], 2);
    const double error = std::sqrt(squares / static_cast<double>(n - 3) / ww);
    const double at_end = line.slope + bend * (2 * u.back() - bow.slope);
    const double t = t_one_percent[std::min(n - 4, t_one_percent.size() - 1)];
    return at_end <= end_rate * line.slope && bend < 0 && bend <= -t * error;
}

bool explained_by_load(const std::vector<double>& value, const std::vector<double>& load, double follows)
{
    const std::size_t n = std::min(value.size(), load.size());
    if (n < 3 || spearman(value, load) < follows) return false;
    const std::size_t third = n / 3;
    const auto change = [&](const std::vector<double>& all) {
        const std::span<const double> values(all);
        const double before = mean(values.first(third));
        return before > 0 ? mean(values.subspan(n - third, third)) / before : HUGE_VAL;
    };
    const double more_load = change(load);
    return more_load > 1 && change(value) <= over_load * more_load;
}

}  // namespace casebook
