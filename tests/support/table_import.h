#pragma once

// Sniffs and reads one small input in memory, for the unit tests of importers.

#include "analyzers/core/importer.h"
#include "tests/support/recording_context.h"

#include <QStringList>
#include <QtTest>
#include <algorithm>
#include <string>

namespace casebook::tests {

/// Ids of the importers of tables, JVM output and metrics.
inline const char* const table_importers[] = {"pg_stat_statements_csv",
                                              "jvm_class_histogram",
                                              "jvm_gc_log",
                                              "prometheus_json",
                                              "prometheus_text",
                                              "metrics_csv",
                                              "events_csv",
                                              "events_json",
                                              "redis_info",
                                              "pg_sessions_csv",
                                              "pg_tables_csv",
                                              "settings_csv",
                                              "thread_dump",
                                              "folded_stacks"};

inline const Importer* importer_named(std::string_view id)
{
    for (const Importer* importer : all_importers())
        if (importer->id == id) return importer;
    return nullptr;
}

/// The importer that scores highest; empty when none does, both names when two do.
inline std::string winner(std::string_view bytes, std::string_view path = "input", std::string_view extension = "txt")
{
    const Probe probe{path, extension, bytes.substr(0, 64 << 10), bytes.size() <= (64 << 10)};
    std::string best;
    int score = 0;
    for (const Importer* importer : all_importers()) {
        const int own = importer->sniff(probe);
        if (own > score) best = importer->id;
        else if (own == score && own > 0) best += "+" + std::string(importer->id);
        score = std::max(score, own);
    }
    return best;
}

struct Import {
    RecordingContext context;
    std::string error;
    QStringList rows() const
    {
        QStringList list;
        for (const std::string& row : context.rows) list << QString::fromStdString(row);
        return list;
    }
};

/// Sniffs, which must name `id`, and reads: in chunks of a few bytes and whole, which must give the same rows.
inline void import(Import& result, const char* id, std::string_view bytes, std::optional<std::int64_t> at = {},
                   const std::string& file = "input")
{
    QCOMPARE(QString::fromStdString(winner(bytes, file)), QString(id));
    const Importer* importer = importer_named(id);
    QVERIFY(importer);
    Import chunked;
    for (Import* one : {&chunked, &result}) {
        one->context.at = at;
        one->context.file = file;
        Control control;
        ChunkedSource pieces(bytes, 7);
        const auto memory = Source::from_memory(bytes, control);
        const Status status = importer->read(one == &chunked ? static_cast<Source&>(pieces) : *memory, one->context);
        if (!status) one->error = status.error().what;
    }
    QCOMPARE(chunked.rows(), result.rows());
    QCOMPARE(chunked.error, result.error);
}

inline constexpr std::int64_t at_noon = 1795435200000000000;  // 2026-11-23T12:00:00Z

}  // namespace casebook::tests
