#include "analyzers/importers/support/explain_import.h"

#include "analyzers/core/text.h"
#include "analyzers/importers/support/explain_blocks.h"
#include "analyzers/plan/plan_rows.h"
#include "analyzers/plan/read_plans.h"

namespace casebook {

namespace {

/// Text as UTF-8. PowerShell's redirection writes UTF-16 with a byte order mark.
std::string utf8_of_utf16(std::string_view bytes)
{
    const bool little = bytes.starts_with("\xFF\xFE");
    const auto unit = [&](std::size_t at) {
        const auto first = static_cast<unsigned char>(bytes[at]);
        const auto second = static_cast<unsigned char>(bytes[at + 1]);
        return static_cast<unsigned>(little ? first | second << 8 : first << 8 | second);
    };
    std::string out;
    out.reserve(bytes.size());
    for (std::size_t at = 2; at + 1 < bytes.size(); at += 2) {
        unsigned code = unit(at);
        if (code >= 0xD800 && code < 0xDC00 && at + 3 < bytes.size()) {
            const unsigned low = unit(at + 2);
            if (low >= 0xDC00 && low < 0xE000) {
                code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
                at += 2;
            }
        }
        if (code == 0 || (code >= 0xD800 && code < 0xE000)) code = 0xFFFD;
        if (code < 0x80) {
            out += static_cast<char>(code);
        } else if (code < 0x800) {
            out += static_cast<char>(0xC0 | code >> 6);
            out += static_cast<char>(0x80 | (code & 0x3F));
        } else {
            if (code < 0x10000) {
                out += static_cast<char>(0xE0 | code >> 12);
            } else {
                out += static_cast<char>(0xF0 | code >> 18);
                out += static_cast<char>(0x80 | (code >> 12 & 0x3F));
            }
            out += static_cast<char>(0x80 | (code >> 6 & 0x3F));
            out += static_cast<char>(0x80 | (code & 0x3F));
        }
    }
    return out;
}

bool is_utf16(std::string_view bytes)
{
    return bytes.starts_with("\xFF\xFE") || bytes.starts_with("\xFE\xFF");
}

// Adds the plans of one block. `seen` is the line up to which statements belong to earlier plans.
Status import_block(const ExplainText& text, const ExplainBlock& block, ImportContext& context, std::int64_t& seen,
                    std::int64_t& added)
{
    Result<plan::Plans> plans = plan::read(block.format, block.text, block.line);
    if (!plans) {
        // Text that only looked like it is chatter, of which there is a lot around plans.
        if (block.format == plan::Format::text) return {};
        context.drop(block.line, "plan_not_understood", plans.error().what);
        return {};
    }
    const bool one = plans->trees.size() == 1;
    for (plan::Tree& tree : plans->trees) {
        TRY(context.control().check());
        if (tree.source_line == 0) tree.source_line = block.line;
        const std::int64_t line = tree.source_line;
        PlanRow row = plan::plan_row(std::move(tree));
        if (row.query.empty()) row.query = text.statement_before(line, seen);
        row.at_ns = context.at_ns();
        seen = line;
        TRY(context.add(row));
        context.stored();
        ++added;
        if (one && !plans->note.empty()) context.repair(line, "plan_mended", plans->note);
    }
    if (!one && !plans->note.empty()) context.note(block.line, "plan_text", plans->note);
    if (plans->cut_off) context.drop(block.line, "truncated", plans->note);
    return {};
}

}  // namespace

int sniff_explain(plan::Format format, const Probe& probe)
{
    std::string converted;
    std::string_view head = probe.head;
    if (is_utf16(head)) head = converted = utf8_of_utf16(head);
    if (head.starts_with("\xEF\xBB\xBF")) head.remove_prefix(3);
    const ExplainProbe found = probe_explain(head);
    if (!found.found || found.format != format) return 0;
    return found.certain ? 90 : 40;
}

Status import_explain(Source& source, ImportContext& context)
{
    // A plan 10,000 levels deep is 300 MB of text, nearly all of it indentation.
    constexpr std::size_t most_bytes = std::size_t{1} << 30;
    TRY_ASSIGN(std::string_view bytes, source.rest(most_bytes));
    std::string converted;
    if (is_utf16(bytes)) bytes = converted = utf8_of_utf16(bytes);
    if (bytes.starts_with("\xEF\xBB\xBF")) bytes.remove_prefix(3);
    std::string cleaned;
    if (!is_clean_utf8(bytes)) {
        cleaned = clean_utf8(bytes);
        bytes = cleaned;
        context.note(1, "bad_utf8", "bytes that are not UTF-8 were replaced");
    }
    const ExplainText text(bytes);
    std::int64_t seen = 0;
    std::int64_t added = 0;
    for (const ExplainBlock& block : text.blocks()) TRY(import_block(text, block, context, seen, added));
    if (added > 0) return {};
    if (!text.blocks().empty()) {
        const ExplainBlock& block = text.blocks().front();
        if (auto plans = plan::read(block.format, block.text, block.line); !plans) return tl::unexpected(plans.error());
    }
    return fail(Error::Code::notUnderstood, "no plan in this file",
                "EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) gives one that is always understood");
}

}  // namespace casebook
