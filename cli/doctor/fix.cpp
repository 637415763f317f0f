// DoctorFix: files first, then commands.
#include "cli/doctor/fix.h"

#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <stdexcept>

extern char** environ;

namespace opal::cli::doctor {

namespace {

std::string line_of(const std::vector<std::string>& command) {
    std::string line;
    for (const std::string& word : command) line += (line.empty() ? "" : " ") + word;
    return line;
}

// In place: most of these are settings of the kernel, which cannot be renamed into.
void write(const Machine& machine, const Fix::File& file) {
    const std::filesystem::path path = machine.path(file.path);
    // Links of a copied tree may be absolute, and then name files of this machine.
    if (!machine.holds(path))
        throw std::runtime_error(fmt::format("cannot write {}: a link on the way leads out of {}",
                                             path.string(), machine.path("").string()));
    std::error_code ignored;
    std::filesystem::create_directories(path.parent_path(), ignored);
    errno = 0;
    std::ofstream out(path);
    out << file.content;
    out.close();
    if (!out)
        throw std::runtime_error(
            fmt::format("cannot write {}: {}{}", path.string(), std::strerror(errno),
                        errno == EACCES ? "; sudo opal doctor --fix may" : ""));
}

void run(const std::vector<std::string>& command) {
    std::vector<char*> arguments;
    for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    pid_t child = 0;
    const int error =
        ::posix_spawnp(&child, arguments[0], nullptr, nullptr, arguments.data(), environ);
    int status = 0;
    if (error != 0 || ::waitpid(child, &status, 0) != child || status != 0)
        throw std::runtime_error(fmt::format("{} failed{}{}", line_of(command),
                                             error != 0 ? ": " : "",
                                             error != 0 ? std::strerror(error) : ""));
}

}  // namespace

Fix all_fixes(const Findings& findings) {
    Fix all;
    for (const Finding& finding : findings) {
        for (const Fix::File& file : finding.fix.files) {
            const bool known =
                std::any_of(all.files.begin(), all.files.end(), [&](const Fix::File& other) {
                    return other.path == file.path && other.content == file.content;
                });
            if (!known) all.files.push_back(file);
        }
        for (const auto& command : finding.fix.commands)
            if (std::find(all.commands.begin(), all.commands.end(), command) == all.commands.end())
                all.commands.push_back(command);
    }
    return all;
}

std::vector<std::string> steps_of(const Fix& fix) {
    std::vector<std::string> steps;
    for (const Fix::File& file : fix.files) {
        const bool one_line = file.content.find('\n') >= file.content.size() - 1;
        const std::string value = file.content.substr(0, file.content.find('\n'));
        steps.push_back(one_line ? fmt::format("write '{}' to /{}", value, file.path)
                                 : fmt::format("write /{}", file.path));
    }
    for (const auto& command : fix.commands) steps.push_back("run " + line_of(command));
    return steps;
}

void apply(const Machine& machine, const Fix& fix) {
    std::string errors;
    const auto attempt = [&](const auto& step) {
        try {
            step();
        } catch (const std::runtime_error& error) {
            errors += (errors.empty() ? "" : "\n") + std::string(error.what());
        }
    };
    for (const Fix::File& file : fix.files) attempt([&] { write(machine, file); });
    if (machine.is_this_one())
        for (const auto& command : fix.commands) attempt([&] { run(command); });
    if (!errors.empty()) throw std::runtime_error(errors);
}

}  // namespace opal::cli::doctor
