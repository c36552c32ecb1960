#pragma once

#include <QString>

namespace casebook {

/// A kind of evidence in words: "span" -> "Traces".
QString evidence_title(const QString& kind);
/// Every format Casebook reads, grouped by kind of evidence, with the command that gets it from a live system. Written
/// from the importers that are built in. Links "copy:ID" copy the command of importer ID, "capture:"
/// opens the capture window.
QString evidence_guide_html(const QString& muted);
/// The command of one importer.
QString how_to_get(const QString& importer);

}  // namespace casebook
