#include "widgets/models/ledger_model.h"

#include "analyzers/core/importer.h"
#include "analyzers/core/text.h"
#include "widgets/qt_text.h"
#include "widgets/style/theme.h"

#include <QBrush>

namespace casebook {
namespace {

QString count(std::int64_t value)
{
    return to_qt(format_count(value));
}

QString importer_title(const std::string& id)
{
    for (const Importer* importer : all_importers())
        if (importer->id == id) return to_qt(importer->title);
    return to_qt(id);
}

QString base_name(const std::string& path)
{
    const QString whole = to_qt(path);
    return whole.mid(whole.lastIndexOf(QLatin1Char('/')) + 1);
}

bool was_imported(const ImportedFile& entry)
{
    return entry.status != ImportedFile::Status::failed && entry.status != ImportedFile::Status::skipped;
}

QString state_text(const ImportedFile& entry)
{
    if (entry.status == ImportedFile::Status::failed) return LedgerModel::tr("not imported");
    if (entry.status == ImportedFile::Status::skipped) return LedgerModel::tr("skipped");
    return importer_title(entry.importer);
}

}  // namespace

void LedgerModel::setEntries(std::vector<ImportedFile> entries)
{
    beginResetModel();
    entries_ = std::move(entries);
    endResetModel();
}

int LedgerModel::rowCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(entries_.size());
}

int LedgerModel::columnCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : ColumnCount;
}

QVariant LedgerModel::text(const ImportedFile& entry, int column) const
{
    if (!was_imported(entry) && column != File && column != Format && column != Notes) return {};
    switch (column) {
    case File: return base_name(entry.path);
    case Format: return state_text(entry);
    case Records: return count(entry.records);
    case Stored: return count(entry.stored);
    case Repaired: return count(entry.repaired);
    case Dropped: return count(entry.dropped);
    case Size: return to_qt(format_bytes(static_cast<double>(entry.bytes)));
    case Seconds: return to_qt(format_ms(entry.seconds * 1e3));
    case Notes: {
        if (entry.error) return to_qt(entry.error->what);
        std::int64_t all = 0;
        for (const ImportNote& note : entry.notes) all += note.count;
        return all == 0 ? QString() : count(all);
    }
    default: return {};
    }
}

QVariant LedgerModel::data(const QModelIndex& index, int role) const
{
    if (!index.isValid()) return {};
    const ImportedFile& entry = entries_[index.row()];
    switch (role) {
    case Qt::DisplayRole: return text(entry, index.column());
    case Qt::ToolTipRole: {
        QString tip = to_qt(entry.path);
        const QString format = text(entry, Format).toString();
        if (!format.isEmpty()) tip += QLatin1Char('\n') + format;
        if (entry.error) tip += QStringLiteral("\n%1\n%2").arg(to_qt(entry.error->what), to_qt(entry.error->hint));
        return tip;
    }
    case Qt::TextAlignmentRole:
        return index.column() >= Records && index.column() <= Seconds ? QVariant(Qt::AlignRight | Qt::AlignVCenter)
                                                                      : QVariant();
    case Qt::ForegroundRole:
        if (entry.status == ImportedFile::Status::failed && index.column() != File) return QBrush(theme().critical);
        if (!was_imported(entry)) return QBrush(theme().muted_text);
        if (index.column() == Dropped && entry.dropped > 0) return QBrush(theme().critical);
        if (index.column() == Repaired && entry.repaired > 0) return QBrush(theme().warning);
        return {};
    case FileId: return static_cast<qint64>(entry.id);
    default: return {};
    }
}

QVariant LedgerModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal) return {};
    if (role == Qt::TextAlignmentRole && section >= Records && section <= Seconds)
        return QVariant(Qt::AlignRight | Qt::AlignVCenter);
    if (role != Qt::DisplayRole) return {};
    switch (section) {
    case File: return tr("File");
    case Format: return tr("Format");
    case Records: return tr("Records");
    case Stored: return tr("Stored");
    case Repaired: return tr("Repaired");
    case Dropped: return tr("Dropped");
    case Size: return tr("Size");
    case Seconds: return tr("Took");
    case Notes: return tr("Notes");
    default: return {};
    }
}

void NoteModel::setNotes(std::vector<ImportNote> notes)
{
    beginResetModel();
    notes_ = std::move(notes);
    endResetModel();
}

int NoteModel::rowCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(notes_.size());
}

int NoteModel::columnCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : ColumnCount;
}

QVariant NoteModel::data(const QModelIndex& index, int role) const
{
    if (!index.isValid()) return {};
    const ImportNote& note = notes_[index.row()];
    if (role == Qt::TextAlignmentRole && (index.column() == Line || index.column() == Count))
        return QVariant(Qt::AlignRight | Qt::AlignVCenter);
    if (role == Qt::ToolTipRole) return to_qt(note.detail);
    if (role != Qt::DisplayRole) return {};
    switch (index.column()) {
    case Line: return note.line > 0 ? count(note.line) : QString();
    case Code: return to_qt(note.code).replace(QLatin1Char('_'), QLatin1Char(' '));
    case Detail: return to_qt(note.detail).simplified();
    case Count: return count(note.count);
    default: return {};
    }
}

QVariant NoteModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal || role != Qt::DisplayRole) return {};
    switch (section) {
    case Line: return tr("Line");
    case Code: return tr("What");
    case Detail: return tr("Detail");
    case Count: return tr("Times");
    default: return {};
    }
}

}  // namespace casebook
