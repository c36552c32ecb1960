#include "widgets/models/fuzzy_match.h"

#include <algorithm>
#include <array>
#include <vector>

namespace casebook {
namespace {

/// The first letter of a word, or a capital after a small letter.
bool begins_word(QStringView text, qsizetype at)
{
    if (at == 0) return true;
    const QChar here = text[at], before = text[at - 1];
    if (!before.isLetterOrNumber()) return here.isLetterOrNumber() || !here.isSpace();
    return (here.isUpper() && before.isLower()) || (here.isDigit() != before.isDigit());
}

bool ends_word(QStringView text, qsizetype end)
{
    return end >= text.size() || !text[end].isLetterOrNumber();
}

std::optional<FuzzyMatch> match_whole(const QString& word, QStringView text)
{
    constexpr int most_places = 8;
    std::optional<FuzzyMatch> best;
    qsizetype from = 0;
    for (int place = 0; place < most_places; ++place) {
        const qsizetype at = text.indexOf(word, from, Qt::CaseInsensitive);
        if (at < 0) break;
        from = at + 1;
        int score = 60 + 8 * static_cast<int>(word.size()) - static_cast<int>(std::min<qsizetype>(at / 8, 20));
        if (begins_word(text, at)) score += ends_word(text, at + word.size()) ? 45 : 25;
        if (at == 0) score += 10;
        if (!best || score > best->score) best = FuzzyMatch{score, {{static_cast<int>(at), static_cast<int>(word.size())}}};
    }
    return best;
}

/// Scattered letters, the best way to place them: a table of word letters by text letters.
std::optional<FuzzyMatch> match_scattered(const QString& word, QStringView text)
{
    const int letters = static_cast<int>(word.size());
    const int length = static_cast<int>(std::min<qsizetype>(text.size(), FuzzyPattern::scattered_length));
    if (letters < 2 || letters > FuzzyPattern::longest_word || letters > length) return {};
    std::array<QChar, FuzzyPattern::scattered_length> folded;
    for (int i = 0; i < length; ++i) folded[static_cast<std::size_t>(i)] = text[i].toCaseFolded();
    int next = 0;
    for (int i = 0; i < length && next < letters; ++i) next += folded[static_cast<std::size_t>(i)] == word[next];
    if (next < letters) return {};

    constexpr int none = -1'000'000, follows = 7, begins = 8, inside = 2, most_gap_cost = 3;
    std::vector<int> score(static_cast<std::size_t>(letters) * static_cast<std::size_t>(length), none);
    std::vector<int> before(score.size(), -1);
    const auto cell = [length](int letter, int at) {
        return static_cast<std::size_t>(letter) * static_cast<std::size_t>(length) + static_cast<std::size_t>(at);
    };
    for (int letter = 0; letter < letters; ++letter) {
        int best_before = none, best_at = -1;  // of the letter before, at least one place to the left
        for (int at = letter; at < length; ++at) {
            if (letter > 0 && at > 0 && score[cell(letter - 1, at - 1)] >= best_before) {
                best_before = score[cell(letter - 1, at - 1)];
                best_at = at - 1;
            }
            if (folded[static_cast<std::size_t>(at)] != word[letter]) continue;
            const int own = begins_word(text, at) ? begins : inside;
            if (letter == 0) {
                score[cell(letter, at)] = own;
                continue;
            }
            if (best_before == none) continue;
            int value = best_before + own - std::min(most_gap_cost, at - 1 - best_at);
            int from = best_at;
            const int beside = score[cell(letter - 1, at - 1)];
            if (beside != none && beside + std::max(own, follows) >= value) {
                value = beside + std::max(own, follows);
                from = at - 1;
            }
            score[cell(letter, at)] = value;
            before[cell(letter, at)] = from;
        }
    }
    int end = -1;
    for (int at = 0; at < length; ++at)
        if (end < 0 || score[cell(letters - 1, at)] > score[cell(letters - 1, end)]) end = at;
    FuzzyMatch match;
    match.score = score[cell(letters - 1, end)];
    if (match.score < 5 * letters) return {};
    for (int letter = letters - 1, at = end; letter >= 0; at = before[cell(letter, at)], --letter) match.ranges.prepend({at, 1});
    return match;
}

void merge(QList<std::pair<int, int>>& ranges)
{
    std::sort(ranges.begin(), ranges.end());
    QList<std::pair<int, int>> merged;
    for (const auto& [start, length] : ranges) {
        if (!merged.isEmpty() && start <= merged.back().first + merged.back().second)
            merged.back().second = std::max(merged.back().second, start + length - merged.back().first);
        else merged.append({start, length});
    }
    ranges = std::move(merged);
}

}  // namespace

FuzzyPattern::FuzzyPattern(const QString& typed)
{
    for (const QString& word : typed.simplified().split(QLatin1Char(' '), Qt::SkipEmptyParts)) words_ << word.toCaseFolded();
}

std::optional<FuzzyMatch> FuzzyPattern::match(QStringView text) const
{
    FuzzyMatch all;
    for (const QString& word : words_) {
        auto found = match_whole(word, text);
        if (!found) found = match_scattered(word, text);
        if (!found) return {};
        all.score += found->score;
        all.ranges += found->ranges;
    }
    // Of two texts that fit alike the shorter one is the nearer.
    all.score -= static_cast<int>(std::min<qsizetype>(text.size() / 8, 12));
    merge(all.ranges);
    return all;
}

}  // namespace casebook
