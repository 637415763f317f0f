// Program: posix_spawn, two pipes and a deadline. See program.h.
#include "cli/report/program.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include <array>
#include <cerrno>
#include <csignal>

extern char** environ;

namespace opal::cli {

namespace {

bool write_all(int fd, const std::string& text) {
    std::size_t done = 0;
    while (done < text.size()) {
        const ssize_t n = ::write(fd, text.data() + done, text.size() - done);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return false;
        done += static_cast<std::size_t>(n);
    }
    return ::lseek(fd, 0, SEEK_SET) == 0;
}

// Reads until the other end closes; false if that takes longer than `patience`.
bool read_all(int fd, std::string& into, std::chrono::seconds patience) {
    const auto end = std::chrono::steady_clock::now() + patience;
    std::array<char, 1 << 16> buffer;
    for (;;) {
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
            end - std::chrono::steady_clock::now());
        if (left.count() <= 0) return false;
        pollfd wait{fd, POLLIN, 0};
        if (::poll(&wait, 1, static_cast<int>(left.count())) <= 0) continue;
        const ssize_t n = ::read(fd, buffer.data(), buffer.size());
        if (n == 0) return true;
        if (n < 0 && errno != EINTR) return false;
        if (n > 0) into.append(buffer.data(), static_cast<std::size_t>(n));
    }
}

}  // namespace

std::optional<std::string> run_program(const std::vector<std::string>& command,
                                       const std::string& input, std::chrono::seconds patience) {
    // The input lies in a file that has no name, so that neither side can block the other.
    const int in = ::memfd_create("input", MFD_CLOEXEC);
    std::array<int, 2> out{-1, -1};
    if (in < 0 || !write_all(in, input) || ::pipe2(out.data(), O_CLOEXEC) != 0) {
        if (in >= 0) ::close(in);
        return std::nullopt;
    }
    posix_spawn_file_actions_t files;
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_adddup2(&files, in, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&files, out[1], STDOUT_FILENO);
    posix_spawn_file_actions_addopen(&files, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    std::vector<char*> arguments;
    for (const auto& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    pid_t child = 0;
    const int failed =
        ::posix_spawnp(&child, arguments[0], &files, nullptr, arguments.data(), environ);
    posix_spawn_file_actions_destroy(&files);
    ::close(in);
    ::close(out[1]);
    std::string text;
    const bool done = failed == 0 && read_all(out[0], text, patience);
    ::close(out[0]);
    if (failed != 0) return std::nullopt;
    if (!done) ::kill(child, SIGKILL);
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    if (!done || !WIFEXITED(status) || WEXITSTATUS(status) != 0) return std::nullopt;
    return text;
}

}  // namespace opal::cli
