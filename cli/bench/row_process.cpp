// RowProcess: posix_spawn of ourselves and a pipe. See row_process.h.
#include "cli/bench/row_process.h"

#include "calibration/acquisition.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <stdexcept>
#include <string>
#include <vector>

extern char** environ;

namespace opal::cli {

namespace {

constexpr int poll_ms = 200;

struct Child {
    pid_t pid = 0;
    int out = -1;

    explicit Child(std::vector<std::string> command) {
        std::array<int, 2> pipe{-1, -1};
        if (::pipe2(pipe.data(), O_CLOEXEC) != 0) {
            throw std::runtime_error("no pipe for a row of its own: too many open files?");
        }
        posix_spawn_file_actions_t files;
        posix_spawn_file_actions_init(&files);
        posix_spawn_file_actions_adddup2(&files, pipe[1], STDOUT_FILENO);
        std::vector<char*> arguments;
        for (auto& word : command) arguments.push_back(word.data());
        arguments.push_back(nullptr);
        const int failed =
            ::posix_spawn(&pid, "/proc/self/exe", &files, nullptr, arguments.data(), environ);
        posix_spawn_file_actions_destroy(&files);
        ::close(pipe[1]);
        out = pipe[0];
        if (failed != 0) {
            pid = 0;
            throw std::runtime_error("cannot start a process for a row");
        }
    }

    ~Child() {
        ::close(out);
        if (pid == 0) return;
        ::kill(pid, SIGKILL);
        wait();
    }
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;

    int wait() {
        int status = 0;
        while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
        }
        pid = 0;
        return status;
    }
};

}  // namespace

ScaleRow measure_in_own_process(const RowRequest& request, std::stop_token stop,
                                const std::function<void(double)>& while_waiting) {
    const std::string name = fmt::format("{} {}x{}", medium_name(request.medium),
                                         request.size.inputs, request.size.modes);
    Child child({"opal", "bench", "scale", "--row",
                 fmt::format("{},{},{},{}", medium_name(request.medium), request.size.inputs,
                             request.size.modes, request.budget_s)});
    const auto start = std::chrono::steady_clock::now();
    std::string text;
    std::array<char, 4096> buffer;
    for (;;) {
        // A simulated bench and a pipe: nothing to be put in order before it ends.
        if (stop.stop_requested()) throw calibration::Interrupted();
        pollfd waiting{child.out, POLLIN, 0};
        const int ready = ::poll(&waiting, 1, poll_ms);
        while_waiting(
            std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
        if (ready <= 0) continue;
        const ssize_t n = ::read(child.out, buffer.data(), buffer.size());
        if (n == 0) break;
        if (n > 0) text.append(buffer.data(), static_cast<std::size_t>(n));
    }
    const int status = child.wait();
    if (WIFSIGNALED(status)) {
        throw std::runtime_error(
            fmt::format("{}: its process was killed by signal {}{}", name, WTERMSIG(status),
                        WTERMSIG(status) == SIGKILL ? "; out of memory?" : ""));
    }
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        throw std::runtime_error(
            fmt::format("{}: its process ended with exit code {}", name, WEXITSTATUS(status)));
    }
    return scale_row_from(nlohmann::json::parse(text));
}

}  // namespace opal::cli
