#pragma once

class QLabel;

namespace casebook {

/// The sentence on top of a comparison of A and B: bold, plain text that can be marked.
void dress_headline(QLabel* headline);
/// The line below it that says what A (side 0) or B (side 1) is; may hold links.
void dress_side(QLabel* label, int side);

}  // namespace casebook
