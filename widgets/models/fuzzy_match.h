#pragma once

#include <QList>
#include <QString>
#include <QStringView>

#include <optional>
#include <utility>

namespace casebook {

/// How well a text fits what was typed, and where.
struct FuzzyMatch {
    int score = 0;                        ///< higher is better; comparable between texts of one pattern only
    QList<std::pair<int, int>> ranges;    ///< start and length of what matched, in order, not overlapping
};

/// What was typed, prepared for many texts. Words are separated by spaces; a text fits when it has every word, in any
/// order and case. A word fits best where a word of the text begins, less well inside one, and least well as scattered
/// letters ("orl" in "orders list"): then letters count for what they begin or follow, and too loose a scatter does not
/// fit at all. Safe to use from several threads.
class FuzzyPattern {
public:
    explicit FuzzyPattern(const QString& typed);

    bool empty() const { return words_.isEmpty(); }
    /// Absent when the text does not fit. O(length), and O(length * word) for the first `scattered_length` letters.
    std::optional<FuzzyMatch> match(QStringView text) const;

    static constexpr int scattered_length = 160;
    static constexpr int longest_word = 64;

private:
    QList<QString> words_;  // case folded
};

}  // namespace casebook
