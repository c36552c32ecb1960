// A translation file beside the program is used. The file is written here, so no translation tool is needed.
#include "app/gui/translations.h"
#include "tests/support/widget_fixture.h"
#include "widgets/panels/jobs.h"
#include "widgets/session/session.h"

#include <QDataStream>
#include <QLabel>

using namespace casebook;
using namespace casebook::tests;

namespace {

/// The hash of a .qm file: that of ELF symbols, over the text and its (empty) comment.
quint32 hash_of(const QByteArray& text)
{
    quint32 hash = 0;
    for (const char one : text) {
        hash = (hash << 4) + static_cast<uchar>(one);
        const quint32 high = hash & 0xf0000000;
        if (high) hash ^= high >> 24;
        hash &= ~high;
    }
    return hash ? hash : 1;
}

/// A .qm file with one message.
QByteArray translation_file(const QByteArray& text, const QString& translated)
{
    QByteArray message, hashes, file = QByteArray::fromHex("3cb86418caef9c95cd211cbf60a1bddd");
    QDataStream(&message, QIODevice::WriteOnly) << quint8{3} << translated << quint8{1};
    QDataStream(&hashes, QIODevice::WriteOnly) << hash_of(text) << quint32{0};
    QDataStream out(&file, QIODevice::Append);
    out << quint8{0x42} << hashes << quint8{0x69} << message;
    return file;
}

}  // namespace

class TestTranslations : public QObject {
    Q_OBJECT

private:
    WidgetFixture fixture_;
    static QStringList texts()
    {
        Session session;
        JobsPanel panel(session);
        QStringList found;
        for (const QLabel* label : panel.findChildren<QLabel*>()) found << label->text();
        return found;
    }

private slots:
    void the_language_of_the_file_is_shown()
    {
        const QByteArray english = "No jobs. Imports and analyses show their progress here.";
        const QString german = QString::fromUtf8("Keine Arbeit l\xc3\xa4uft.");
        QVERIFY(texts().contains(QString::fromLatin1(english)));
        const QLocale locale(QLocale::German, QLocale::Austria);
        const QStringList folders{fixture_.path(QStringLiteral("none")), fixture_.path(QStringLiteral("i18n"))};
        QVERIFY(!install_translations(locale, folders));
        fixture_.write(QStringLiteral("i18n/casebook_de.qm"), "not a translation");
        QVERIFY(!install_translations(locale, folders));
        QVERIFY(texts().contains(QString::fromLatin1(english)));

        fixture_.write(QStringLiteral("i18n/casebook_de.qm"), translation_file(english, german));
        QVERIFY(!install_translations(QLocale(QLocale::French), folders));
        QVERIFY(install_translations(locale, folders));
        QVERIFY(texts().contains(german));
        QVERIFY(!texts().contains(QString::fromLatin1(english)));
    }
};

QTEST_MAIN(TestTranslations)
#include "tst_translations.moc"
