#include "app/cli/interrupt.h"

#include "app/cli/exit_status.h"

#include <csignal>
#include <pthread.h>
#include <thread>
#include <unistd.h>

namespace casebook::cli {

std::stop_token install_interrupt_handling()
{
    static std::stop_source stop;
    std::signal(SIGPIPE, SIG_IGN);

    // Blocked everywhere and taken by one thread: what runs on a stop request need not be safe inside a handler.
    static sigset_t signals;
    sigemptyset(&signals);
    for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
        // A background job of a script has SIGINT ignored; one sent to it on purpose must still cancel.
        std::signal(number, SIG_DFL);
        sigaddset(&signals, number);
    }
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    std::thread([] {
        int number = 0;
        while (sigwait(&signals, &number) == 0) {
            if (stop.stop_requested()) _exit(exit_status::cancelled);
            stop.request_stop();
        }
    }).detach();
    return stop.get_token();
}

}  // namespace casebook::cli
