#pragma once

#include <QString>

#include <string>
#include <string_view>

namespace casebook {

/// The engine's UTF-8 as Qt text; bytes that are no UTF-8 become U+FFFD.
inline QString to_qt(std::string_view text)
{
    return QString::fromUtf8(text.data(), static_cast<qsizetype>(text.size()));
}

}  // namespace casebook
