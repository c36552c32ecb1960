#include "widgets/panels/views/treemap.h"

#include <QFontMetrics>
#include <QTest>
#include <cstdlib>
#include <map>

using namespace casebook;

class TestViewsHeap : public QObject {
    Q_OBJECT

private slots:
    void names_in_tiles_are_whole_or_shortened_never_torn_at_the_edge()
    {
        const QFontMetrics metrics{QFont()};
        const auto width = [&](const char* text) { return metrics.horizontalAdvance(QLatin1String(text)) + 1; };
        const int line = metrics.height();
        const QString name = QStringLiteral("java.util.concurrent.ConcurrentHashMap$Node[]");
        QCOMPARE(Treemap::label_of(name, metrics, {metrics.horizontalAdvance(name), line}), QStringList{name});
        QCOMPARE(Treemap::label_of(name, metrics, {width("ConcurrentHashMap$Node[]"), line}), QStringList{"ConcurrentHashMap$Node[]"});
        QCOMPARE(Treemap::label_of(name, metrics, {width("ConcurrentHash"), 3 * line}), (QStringList{"ConcurrentHash", "Map$Node[]"}));
        QCOMPARE(Treemap::label_of(name, metrics, {width("Concurrent"), 3 * line}), (QStringList{"Concurrent", "HashMap", "$Node[]"}));
        // Too few lines: shortened in the middle; too little room for that: nothing.
        const QStringList shortened = Treemap::label_of(name, metrics, {width("ConcurrentHash"), line});
        QCOMPARE(shortened.size(), 1);
        QVERIFY(shortened.first().startsWith(QLatin1Char('C')) && shortened.first().endsWith(QLatin1Char(']')) && shortened.first().contains(QChar(0x2026)));
        QVERIFY(Treemap::label_of(name, metrics, {width("Conc"), line}).isEmpty());
        QVERIFY(Treemap::label_of(name, metrics, {1000, line - 1}).isEmpty());
        // Not a package: dots behind a bracket or in generics.
        QCOMPARE(Treemap::label_of(QStringLiteral("a.b.List<com.example.Order>"), metrics, {width("List<com.example.Order>"), line}), QStringList{"List<com.example.Order>"});
        for (int room = 0; room < 400; room += 7)
            for (const QString& text : Treemap::label_of(name, metrics, {room, 2 * line})) QVERIFY(metrics.horizontalAdvance(text) <= room);
    }

    void a_click_in_a_tile_tells_its_item()
    {
        Treemap map;
        map.resize(400, 300);
        map.set_items({{QStringLiteral("byte[]"), 700, QStringLiteral("700 B")}, {QStringLiteral("Session"), 300, QStringLiteral("300 B")}}, QStringLiteral("Size (bytes)"));
        map.show();
        QVERIFY(QTest::qWaitForWindowExposed(&map));
        QString clicked;
        connect(&map, &Treemap::item_clicked, &map, [&](const QString& name) { clicked = name; });
        QTest::mouseClick(&map, Qt::LeftButton, {}, QPoint(390, 290));
        QCOMPARE(clicked, QStringLiteral("Session"));
        QTest::mouseClick(&map, Qt::LeftButton, {}, QPoint(10, 200));
        QCOMPARE(clicked, QStringLiteral("byte[]"));
    }

    void what_grew_and_what_shrank_differ_in_colour()
    {
        Treemap map;
        map.resize(400, 200);
        const auto item = [](const char* name, double size, double before) { return Treemap::Item{QLatin1String(name), size, QString(), before}; };
        map.set_items({item("grown", 300, 10), item("shrunk", 300, 3000), item("same", 300, 300)}, QStringLiteral("Size (bytes)"));
        map.show();
        QVERIFY(QTest::qWaitForWindowExposed(&map));
        const QImage picture = map.grab().toImage();
        std::map<QString, QColor> colors;
        for (int x = 5; x < 395; x += 5)
            for (int y = 100; y < 195; y += 5) {
                const QString name = map.item_at({x, y});
                if (!name.isEmpty()) colors.try_emplace(name, picture.pixelColor(x, y));
            }
        QCOMPARE(colors.size(), std::size_t{3});
        QVERIFY(colors["grown"].red() > colors["grown"].blue());
        QVERIFY(colors["shrunk"] != colors["grown"] && colors["same"] != colors["grown"] && colors["same"] != colors["shrunk"]);
        QVERIFY(std::abs(colors["same"].red() - colors["same"].blue()) < 40);  // nearly grey
    }
};

QTEST_MAIN(TestViewsHeap)
#include "tst_views_heap.moc"
