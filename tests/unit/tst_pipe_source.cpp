// Standard input and pipes: bytes come in pieces, or not at all until the user gives up.
#include "analyzers/importers/support/pipe_source.h"
#include "analyzers/importers/support/archive_stream.h"

#include <QtTest>

#include <chrono>
#include <thread>
#include <unistd.h>

using namespace casebook;

class tst_pipe_source : public QObject {
    Q_OBJECT

private slots:
    void pieces_become_lines()
    {
        int ends[2];
        QCOMPARE(::pipe(ends), 0);
        std::thread writer([&] {
            for (const std::string_view piece : {"fir", "st\nsec", "ond\n", "third"}) {
                if (::write(ends[1], piece.data(), piece.size()) < 0) break;
                std::this_thread::sleep_for(std::chrono::milliseconds(5));
            }
            ::close(ends[1]);
        });
        const Control control;
        const auto source = pipe_source(ends[0], "-", control);
        std::vector<std::string> lines;
        for (;;) {
            const auto line = source->line();
            QVERIFY(line.has_value());
            if (!*line) break;
            lines.emplace_back(**line);
        }
        writer.join();
        QCOMPARE(lines, (std::vector<std::string>{"first", "second", "third"}));
        QCOMPARE(source->file_bytes_read(), std::uint64_t{18});
    }

    void a_stop_request_ends_the_wait()
    {
        int ends[2];
        QCOMPARE(::pipe(ends), 0);
        std::stop_source stop;
        const Control control(stop.get_token());
        for (const bool packed : {false, true}) {
            auto source = pipe_source(::dup(ends[0]), "-", control);
            std::thread user([&] {
                std::this_thread::sleep_for(std::chrono::milliseconds(30));
                stop.request_stop();
            });
            const auto begin = std::chrono::steady_clock::now();
            if (packed) {
                const auto unpacked = unpacked_source(std::move(source), "-", control);
                QVERIFY(!unpacked);
                QCOMPARE(unpacked.error().code, Error::Code::cancelled);
            } else {
                const auto window = source->window(1);
                QVERIFY(!window);
                QCOMPARE(window.error().code, Error::Code::cancelled);
            }
            user.join();
            QVERIFY(std::chrono::steady_clock::now() - begin < std::chrono::seconds(5));
        }
        ::close(ends[0]);
        ::close(ends[1]);
    }
};

QTEST_APPLESS_MAIN(tst_pipe_source)
#include "tst_pipe_source.moc"
