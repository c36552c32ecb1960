#include "widgets/panels/handbook_window.h"

#include "analyzers/core/resources.h"
#include "widgets/qt_text.h"

#include <QLineEdit>
#include <QListWidget>
#include <QSplitter>
#include <QTextBrowser>
#include <QVBoxLayout>

namespace casebook {
namespace {

constexpr std::string_view folder = "handbook/";

QString title_of(std::string_view page, const QString& id)
{
    const std::size_t start = page.find("# ");
    if (start == std::string_view::npos) return id;
    const std::size_t end = page.find('\n', start);
    return to_qt(page.substr(start + 2, end == std::string_view::npos ? end : end - start - 2)).trimmed();
}

}  // namespace

HandbookWindow::HandbookWindow(QWidget* parent)
    : QDialog(parent), search_(new QLineEdit(this)), pages_(new QListWidget(this)), text_(new QTextBrowser(this))
{
    setWindowTitle(tr("Handbook"));
    setObjectName(QStringLiteral("handbook"));
    resize(860, 580);
    search_->setPlaceholderText(tr("Search the handbook"));
    search_->setClearButtonEnabled(true);
    search_->setAccessibleName(tr("Search the handbook"));
    pages_->setAccessibleName(tr("Pages"));
    text_->setAccessibleName(tr("Page"));
    text_->setOpenExternalLinks(true);
    text_->document()->setDocumentMargin(12);
    for (const Resource& resource : all_resources()) {
        if (!resource.name.starts_with(folder)) continue;
        const QString id = to_qt(resource.name.substr(folder.size(), resource.name.rfind('.') - folder.size()));
        auto* item = new QListWidgetItem(title_of(resource.bytes, id), pages_);
        item->setData(Qt::UserRole, id);
        item->setToolTip(id);
    }
    if (pages_->count() == 0) text_->setPlainText(tr("This build has no handbook pages."));
    connect(search_, &QLineEdit::textChanged, this, &HandbookWindow::filter);
    connect(pages_, &QListWidget::currentItemChanged, this, &HandbookWindow::show_current);

    auto* left = new QWidget(this);
    auto* left_column = new QVBoxLayout(left);
    left_column->setContentsMargins(0, 0, 0, 0);
    left_column->addWidget(search_);
    left_column->addWidget(pages_, 1);
    auto* splitter = new QSplitter(this);
    splitter->addWidget(left);
    splitter->addWidget(text_);
    splitter->setStretchFactor(1, 1);
    splitter->setSizes({280, 580});
    auto* column = new QVBoxLayout(this);
    column->addWidget(splitter);
    if (pages_->count() > 0) pages_->setCurrentRow(0);
}

void HandbookWindow::filter(const QString& text)
{
    const QString word = text.trimmed();
    for (int i = 0; i < pages_->count(); ++i) {
        QListWidgetItem* item = pages_->item(i);
        const QString id = item->data(Qt::UserRole).toString();
        const bool hit =
            word.isEmpty() || item->text().contains(word, Qt::CaseInsensitive) ||
            id.contains(word, Qt::CaseInsensitive) ||
            to_qt(resource(std::string(folder) + id.toStdString() + ".md")).contains(word, Qt::CaseInsensitive);
        item->setHidden(!hit);
    }
}

void HandbookWindow::show_current()
{
    if (const QListWidgetItem* item = pages_->currentItem())
        text_->setMarkdown(
            to_qt(resource(std::string(folder) + item->data(Qt::UserRole).toString().toStdString() + ".md")));
}

void HandbookWindow::showPage(const QString& id)
{
    for (int i = 0; i < pages_->count(); ++i)
        if (pages_->item(i)->data(Qt::UserRole).toString() == id) pages_->setCurrentRow(i);
}

}  // namespace casebook
