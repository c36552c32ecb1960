#pragma once

#include "analyzers/importers/support/import_run.h"

#include <QAbstractTableModel>

#include <vector>

namespace casebook {

/// The import ledger: one row per file, how many records were read, kept, mended and dropped.
class LedgerModel : public QAbstractTableModel {
    Q_OBJECT

public:
    enum Column { File, Format, Records, Stored, Repaired, Dropped, Size, Seconds, Notes, ColumnCount };
    enum Role { FileId = Qt::UserRole + 1 };  ///< 0 for files that are not in the case

    explicit LedgerModel(QObject* parent = nullptr) : QAbstractTableModel(parent) {}

    void setEntries(std::vector<ImportedFile> entries);
    const ImportedFile& entry(int row) const { return entries_[row]; }

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

private:
    QVariant text(const ImportedFile& entry, int column) const;
    std::vector<ImportedFile> entries_;
};

/// The notes of one imported file: where, what, how often.
class NoteModel : public QAbstractTableModel {
    Q_OBJECT

public:
    enum Column { Line, Code, Detail, Count, ColumnCount };

    explicit NoteModel(QObject* parent = nullptr) : QAbstractTableModel(parent) {}

    void setNotes(std::vector<ImportNote> notes);
    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

private:
    std::vector<ImportNote> notes_;
};

}  // namespace casebook
