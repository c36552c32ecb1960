#include "tests/case_runner/process.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;

namespace casebook::tests {

namespace {

std::vector<std::string> environment(const std::string& home)
{
    std::vector<std::string> variables;
    for (char** entry = environ; *entry; ++entry) {
        const std::string variable = *entry;
        bool ours = false;
        for (const char* name : {"NO_COLOR=", "TZ=", "HOME=", "LC_ALL=", "LANG="}) ours = ours || variable.rfind(name, 0) == 0;
        if (!ours) variables.push_back(variable);
    }
    for (const std::string& variable : {std::string("NO_COLOR=1"), std::string("TZ=UTC"), "HOME=" + home, std::string("LC_ALL=C.UTF-8")})
        variables.push_back(variable);
    return variables;
}

std::vector<char*> pointers(std::vector<std::string>& words)
{
    std::vector<char*> out;
    for (std::string& word : words) out.push_back(word.data());
    out.push_back(nullptr);
    return out;
}

}  // namespace

Finished run_process(const std::vector<std::string>& command, const ProcessOptions& options)
{
    Finished result;
    int out[2], err[2];
    if (pipe2(out, O_CLOEXEC) != 0 || pipe2(err, O_CLOEXEC) != 0) {
        result.failure = std::strerror(errno);
        return result;
    }
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, options.input.empty() ? "/dev/null" : options.input.c_str(), O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, err[1], STDERR_FILENO);

    std::vector<std::string> words = command, variables = environment(options.home);
    const auto argv = pointers(words), envp = pointers(variables);
    pid_t pid = -1;
    const int failed = posix_spawn(&pid, argv[0], &actions, nullptr, argv.data(), envp.data());
    posix_spawn_file_actions_destroy(&actions);
    close(out[1]);
    close(err[1]);
    if (failed != 0) {
        close(out[0]);
        close(err[0]);
        result.failure = "cannot start " + command.front() + ": " + std::strerror(failed);
        return result;
    }

    using Clock = std::chrono::steady_clock;
    const auto deadline = Clock::now() + std::chrono::seconds(options.seconds);
    const auto interrupt_at = Clock::now() + std::chrono::milliseconds(options.interrupt_after_ms);
    bool interrupted = options.interrupt_after_ms < 0;
    std::array<pollfd, 2> ends{pollfd{out[0], POLLIN, 0}, pollfd{err[0], POLLIN, 0}};
    std::array<std::string*, 2> texts{&result.out, &result.err};
    int open_ends = 2;
    std::array<char, 65536> buffer{};
    while (open_ends > 0) {
        if (!interrupted && Clock::now() >= interrupt_at) {
            kill(pid, SIGINT);
            interrupted = true;
        }
        const auto until = interrupted ? deadline : std::min(deadline, interrupt_at);
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now()).count();
        if (left <= 0 && until == deadline) {
            result.timed_out = true;
            kill(pid, SIGKILL);
            break;
        }
        if (poll(ends.data(), ends.size(), static_cast<int>(std::max<std::int64_t>(left, 0))) < 0 && errno != EINTR) break;
        for (std::size_t i = 0; i < ends.size(); ++i) {
            if (ends[i].fd < 0 || ends[i].revents == 0) continue;
            const ssize_t count = read(ends[i].fd, buffer.data(), buffer.size());
            if (count > 0) {
                texts[i]->append(buffer.data(), static_cast<std::size_t>(count));
            } else if (count == 0 || errno != EINTR) {
                ends[i].fd = -1;  // poll leaves it alone
                --open_ends;
            }
        }
    }
    close(out[0]);
    close(err[0]);
    int status = 0;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {}
    if (WIFEXITED(status)) result.exit_status = WEXITSTATUS(status);
    if (WIFSIGNALED(status)) result.signal = WTERMSIG(status);
    return result;
}

}  // namespace casebook::tests
