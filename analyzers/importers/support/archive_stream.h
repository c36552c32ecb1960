#pragma once

#include "analyzers/importers/support/source.h"

#include <functional>
#include <string>

namespace casebook {

/// A compressed file (gzip, zstd, bzip2, xz) as the bytes it holds. Decompression bombs end with limitExceeded.
Result<std::unique_ptr<Source>> open_stream_source(const std::string& path, const Control& control);

/// The same for the bytes of `packed`, a compressed member of an archive, which must outlive the result. `path` is for messages.
Result<std::unique_ptr<Source>> unpacked_source(Source& packed, const std::string& path, const Control& control);
/// The same, keeping `packed`.
Result<std::unique_ptr<Source>> unpacked_source(std::unique_ptr<Source> packed, const std::string& path, const Control& control);

/// True for the beginning of a gzip, zstd, bzip2 or xz file.
bool is_compressed(std::string_view head);

/// True for the beginning of a zip or tar file.
bool is_archive(std::string_view head);

using MemberVisitor = std::function<Status(const std::string& name, Source& bytes)>;

/// Walks the files of a zip or tar (also compressed): calls `visit` with each member's name and a source of its bytes.
/// Error of `visit` ends the walk. Stops with limitExceeded after 100,000 members or when the whole is a bomb.
Status for_each_member(const std::string& path, const Control& control, const MemberVisitor& visit);

/// The same for an archive that is itself a member of one.
Status for_each_member(Source& archive, const std::string& path, const Control& control, const MemberVisitor& visit);

/// More than this after decompression, at more than this ratio, is a bomb rather than evidence.
inline constexpr std::uint64_t bomb_bytes = std::uint64_t{1} << 30;
inline constexpr std::uint64_t bomb_ratio = 500;

}  // namespace casebook
