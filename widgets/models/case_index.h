#pragma once

#include "analyzers/core/control.h"
#include "analyzers/store/case_file.h"
#include "analyzers/trace/span_table.h"

#include <QList>
#include <QString>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace casebook {

/// Something a person can search for and go to.
struct SearchItem {
    enum class Kind { command, view, finding, remark, service, operation, statement, heapClass, table, event, note, trace };
    Kind kind = Kind::command;
    QString title;     ///< one line
    QString detail;    ///< said beside it
    QString shortcut;  ///< of a command
    /// What it names. command, view: object name of the action. finding, remark (what a person noted about it): analyzer,
    /// key. service: name. operation:
    /// service, operation. statement: fingerprint. heapClass, table: name. event: text. trace: 32 hex digits. note: path of the file.
    std::string first, second;
    /// note: id of the file. event: at_ns. operation: 1 when it serves requests, 0 when it only calls. statement: 1 when
    /// the database counted it, 0 when only spans have it.
    qint64 number = 0;

    bool operator==(const SearchItem&) const = default;
};

struct SearchHit {
    SearchItem item;
    int score = 0;
    QList<std::pair<int, int>> ranges;  ///< what matched, in the title
};

/// Everything in a case that has a name, gathered once; a search then touches names only, so it takes milliseconds
/// whatever the number of spans. Immutable; safe to read from several threads.
struct CaseIndex {
    std::vector<SearchItem> items;
    std::shared_ptr<const SpanTable> spans;  ///< for trace ids; may be null
};

/// Reads names from the case and its spans. O(spans). Errors: caseFile, cancelled.
Result<CaseIndex> read_case_index(CaseFile& file, std::shared_ptr<const SpanTable> spans, const Control& control);

/// What people noted about findings, and why they dismissed them; these change without the evidence. Errors: caseFile,
/// cancelled.
Result<std::vector<SearchItem>> read_remarks(CaseFile& file, const Control& control);

/// The best hits for what was typed, best first, at most `most`: `others` (commands, views, findings) and, when it is not
/// null, the index. Three or more hex digits also find the traces whose id begins so. Errors: cancelled.
Result<std::vector<SearchHit>> search_case(const QString& typed, const std::vector<SearchItem>& others,
                                           const CaseIndex* index, std::size_t most, const Control& control);

/// "operation", "heap class": what the list says beside a hit.
QString kind_text(SearchItem::Kind kind);

}  // namespace casebook
