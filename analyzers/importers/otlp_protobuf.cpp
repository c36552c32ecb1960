// OTLP in its protobuf encoding: request bodies as exporters send them, and what the collector's file exporter writes
// with "format: proto" (a big-endian 32-bit length before each message, zstd inside if asked for). Two inputs in hex:
// 0a 9d 01 0a 1f 0a 1d 0a 0c "service.name" 12 0d 0a 0b "orders-api" ...     (one ExportTraceServiceRequest)
// 00 01 02 c3 0a bf 85 04 0a 8c 07 ...                                       (the same behind its length)

#include "analyzers/core/importer.h"
#include "analyzers/importers/support/otlp_proto_reader.h"
#include "analyzers/importers/support/otlp_wire.h"
#include "analyzers/importers/support/source.h"

#include <zstd.h>

#include <algorithm>
#include <memory>

namespace casebook::importers {
namespace {

constexpr std::string_view zstd_magic = "\x28\xb5\x2f\xfd";
constexpr std::size_t max_message_bytes = std::size_t{1} << 30;   // of a stream; a mapped file has no such limit
constexpr std::size_t max_expanded_bytes = std::size_t{256} << 20;

/// The decompressed beginning of a zstd frame, up to `limit` bytes; what there is when the frame breaks off.
std::string expand(std::string_view compressed, std::size_t limit)
{
    std::string out;
    const std::unique_ptr<ZSTD_DStream, decltype(&ZSTD_freeDStream)> stream(ZSTD_createDStream(), ZSTD_freeDStream);
    if (!stream) return out;
    ZSTD_inBuffer input{compressed.data(), compressed.size(), 0};
    while (out.size() < limit) {
        const std::size_t before = out.size();
        out.resize(std::min(limit, before + (std::size_t{256} << 10)));
        ZSTD_outBuffer output{out.data() + before, out.size() - before, 0};
        const std::size_t state = ZSTD_decompressStream(stream.get(), &output, &input);
        out.resize(before + output.pos);
        if (ZSTD_isError(state) || state == 0 || (output.pos == 0 && input.pos == input.size)) break;
    }
    return out;
}

int sniff(const Probe& probe)
{
    switch (otlp_framing(probe.head)) {
    case OtlpFraming::none: return 0;
    case OtlpFraming::raw:
    case OtlpFraming::fixed32:
        if (probe.head.substr(4).starts_with(zstd_magic))
            return looks_like_otlp(expand(probe.head.substr(4), std::size_t{64} << 10)) ? 95 : 0;
        return 95;
    case OtlpFraming::varint: return 90;
    }
    return 0;
}

class Run {
public:
    Run(Source& source, ImportContext& context)
        : source_(source), context_(context), sink_(context), reader_(context, sink_)
    {}

    Status all()
    {
        TRY_ASSIGN(const std::string_view head, source_.window(std::size_t{64} << 10));
        const OtlpFraming framing = otlp_framing(head.substr(0, std::size_t{64} << 10));
        if (framing == OtlpFraming::none)
            return fail(
                Error::Code::notUnderstood, "this is no OTLP protobuf",
                "Raw request bodies and length-prefixed messages of the collector's file exporter are understood");
        for (;;) {
            TRY_ASSIGN(const bool more, framing == OtlpFraming::raw ? element() : message(framing));
            if (!more) return {};
        }
    }

private:
    std::int64_t offset() const { return static_cast<std::int64_t>(source_.offset()); }

    /// The next varint of the source without taking it: its value and length; nothing when there is none.
    static bool varint(std::string_view bytes, std::uint64_t& value, std::size_t& length)
    {
        const char* at = bytes.data();
        try {
            value = protozero::decode_varint(&at, bytes.data() + bytes.size());
        } catch (const protozero::exception&) {
            return false;
        }
        length = static_cast<std::size_t>(at - bytes.data());
        return true;
    }

    /// The bytes of a piece that begins after `header` bytes and is `length` long; shorter when the input ends in it.
    /// A piece too long for memory is passed over and `bytes` left empty.
    Result<bool> piece(std::size_t header, std::uint64_t length, std::string_view& bytes)
    {
        TRY_ASSIGN(std::string_view window, source_.window(header + 1));
        if (length > max_message_bytes && window.size() < header + length) {
            // Either cut off, or longer than is held in memory.
            TRY_ASSIGN(window, source_.window(header + max_message_bytes));
        } else if (window.size() < header + length) {
            TRY_ASSIGN(window, source_.window(header + static_cast<std::size_t>(length)));
        }
        bytes = window.substr(std::min(header, window.size()));
        if (length < bytes.size()) bytes = bytes.substr(0, static_cast<std::size_t>(length));
        return bytes.size() == length;
    }

    /// One resource element of a message that is read piece by piece (so a raw file is never needed whole).
    Result<bool> element()
    {
        TRY_ASSIGN(const std::string_view window, source_.window(64));
        if (window.empty()) return false;
        std::uint64_t tag = 0;
        std::uint64_t length = 0;
        std::size_t tag_size = 0;
        std::size_t length_size = 0;
        if (!varint(window, tag, tag_size) || (tag & 7) != 2 || !varint(window.substr(tag_size), length, length_size)) {
            context_.note(offset(), "broken_protobuf", "what follows is no OTLP message");
            return finish();
        }
        const std::size_t header = tag_size + length_size;
        std::string_view bytes;
        TRY_ASSIGN(const bool complete, piece(header, length, bytes));
        if (tag >> 3 == resource_element_field) TRY(reader_.resource(bytes, complete, offset()));
        source_.consume(header + bytes.size());
        if (complete) return true;
        return finish();
    }

    /// One message behind its length.
    Result<bool> message(OtlpFraming framing)
    {
        TRY_ASSIGN(const std::string_view window, source_.window(16));
        if (window.empty()) return false;
        std::uint64_t length = 0;
        std::size_t header = 4;
        if (framing == OtlpFraming::fixed32) {
            if (window.size() < header) return cut_in_length();
            for (std::size_t i = 0; i < header; ++i) length = length << 8 | static_cast<unsigned char>(window[i]);
        } else if (!varint(window, length, header)) {
            return cut_in_length();
        }
        std::string_view bytes;
        TRY_ASSIGN(const bool complete, piece(header, length, bytes));
        TRY(request(bytes, complete, header));
        source_.consume(header + bytes.size());
        if (complete) return true;
        return finish();
    }

    Result<bool> cut_in_length()
    {
        context_.note(offset(), "truncated", "the input ends inside the length of a message");
        return finish();
    }

    /// Passes over what is left, so that the ledger's byte count is that of the file.
    Result<bool> finish()
    {
        for (;;) {
            TRY_ASSIGN(const std::string_view rest, source_.window(1));
            if (rest.empty()) return false;
            source_.consume(rest.size());
        }
    }

    Status request(std::string_view bytes, bool complete, std::size_t header)
    {
        const std::int64_t begin = offset() + static_cast<std::int64_t>(header);
        if (bytes.starts_with(zstd_magic)) {
            const std::string expanded = expand(bytes, max_expanded_bytes);
            if (expanded.size() == max_expanded_bytes)
                context_.note(begin, "too_large", "a message expands to more than 256 MiB; its beginning was read");
            return elements(expanded, complete && expanded.size() < max_expanded_bytes, begin, false);
        }
        return elements(bytes, complete, begin, true);
    }

    Status elements(std::string_view bytes, bool complete, std::int64_t begin, bool in_place)
    {
        WireWalk walk(bytes);
        WireField field;
        bool any = false;
        while (walk.next(field)) {
            if (field.number != resource_element_field || !field.is_bytes()) continue;
            any = true;
            const std::int64_t at = in_place ? begin + (field.bytes.data() - bytes.data()) : begin;
            TRY(reader_.resource(field.bytes, field.complete, at));
        }
        if (walk.broken() && complete)
            context_.note(begin, "broken_protobuf",
                          any ? "the rest of a message is no protobuf" : "a message that is no protobuf");
        if (!complete && !any) context_.note(begin, "truncated", "the input ends at the beginning of a message");
        return {};
    }

    Source& source_;
    ImportContext& context_;
    OtlpSink sink_;
    OtlpProtoReader reader_;
};

Status read(Source& source, ImportContext& context)
{
    return Run(source, context).all();
}

}  // namespace

extern const Importer otlp_protobuf;
const Importer otlp_protobuf{
    .id = "otlp_protobuf",
    .title = "OpenTelemetry traces, metrics and logs (OTLP protobuf)",
    .brings = "span metric log_line",
    .how = "OpenTelemetry Collector: file exporter with format: proto; or save the body of a POST to :4318/v1/traces",
    .sniff = sniff,
    .read = read,
};

}  // namespace casebook::importers
