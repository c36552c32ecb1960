#pragma once

#include <QFile>
#include <QString>

#include <string>
#include <string_view>

namespace casebook {

/// The engine's UTF-8 as Qt text; bytes that are no UTF-8 become U+FFFD.
inline QString to_qt(std::string_view text)
{
    return QString::fromUtf8(text.data(), static_cast<qsizetype>(text.size()));
}

/// A file name as the system wants its bytes, and back.
inline std::string to_path(const QString& path)
{
    return QFile::encodeName(path).toStdString();
}
inline QString from_path(const std::string& path)
{
    return QFile::decodeName(QByteArray::fromStdString(path));
}

}  // namespace casebook
