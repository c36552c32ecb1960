#pragma once

#include "widgets/qt_text.h"

namespace casebook {

/// One line of at most `most` characters; a text of megabytes costs no more than a short one.
inline QString to_qt_line(std::string_view text, qsizetype most)
{
    const auto bytes = static_cast<std::size_t>(most) * 4 + 4;
    const bool cut = text.size() > bytes;
    QString line = to_qt(cut ? text.substr(0, bytes) : text).simplified();
    if (cut || line.size() > most) line = line.left(most) + QChar(0x2026);
    return line;
}

}  // namespace casebook
