// Machine: files of /sys, /proc, /dev and /etc, none of which has to be there.
#include "cli/doctor/machine.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <sstream>
#include <utility>

namespace opal::cli::doctor {

namespace fs = std::filesystem;

namespace {

bool i_may_open(const fs::path& node) {
    return ::access(node.c_str(), R_OK | W_OK) == 0;
}

// Root may open everything, which says nothing about who will use the bench: whether somebody else
// may, by a group or by everybody's rights.
bool others_may_open(const fs::path& node) {
    struct stat found {};
    if (::stat(node.c_str(), &found) != 0) return false;
    const bool everybody = (found.st_mode & 06u) == 06u;
    const bool group = found.st_gid != 0 && (found.st_mode & 060u) == 060u;
    return everybody || group;
}

}  // namespace

Machine::Machine(fs::path root, MayOpen may_open)
    : root_(fs::weakly_canonical(root)), may_open_(std::move(may_open)) {
    if (!may_open_) may_open_ = ::geteuid() == 0 ? others_may_open : i_may_open;
}

bool Machine::holds(const fs::path& path) const {
    // Writing to a link that names nothing yet would create it, wherever that is.
    if (fs::is_symlink(path) && !fs::exists(path)) return false;
    const fs::path real = fs::weakly_canonical(path);
    return std::mismatch(root_.begin(), root_.end(), real.begin(), real.end()).first == root_.end();
}

std::optional<std::string> Machine::read(const std::string& file) const {
    std::ifstream in(root_ / file);
    if (!in) return std::nullopt;
    std::ostringstream text;
    text << in.rdbuf();
    std::string all = text.str();
    while (!all.empty() && (all.back() == '\n' || all.back() == ' ')) all.pop_back();
    return all;
}

std::optional<std::string> Machine::words(const std::string& file) const {
    auto text = read(file);
    const auto control = [](unsigned char c) { return c < 0x20 || c == 0x7F; };
    if (text) std::replace_if(text->begin(), text->end(), control, '?');
    return text;
}

std::optional<long long> Machine::number(const std::string& file) const {
    const auto text = read(file);
    if (!text) return std::nullopt;
    long long value = 0;
    const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
    if (error != std::errc()) return std::nullopt;
    return value;
}

std::vector<std::string> Machine::list(const std::string& folder) const {
    std::vector<std::string> names;
    std::error_code error;
    for (fs::directory_iterator at(root_ / folder, error), end; !error && at != end;
         at.increment(error))
        names.push_back(at->path().filename());
    std::sort(names.begin(), names.end());
    return names;
}

bool Machine::exists(const std::string& file) const {
    std::error_code error;
    return fs::exists(root_ / file, error);
}

std::string Machine::link_name(const std::string& link) const {
    std::error_code error;
    return fs::read_symlink(root_ / link, error).filename();
}

bool Machine::runs(const std::string& program) const {
    // The kernel keeps 15 characters of a name [proc(5)].
    const auto names = list("proc");
    return std::any_of(names.begin(), names.end(), [&](const std::string& name) {
        return read("proc/" + name + "/comm").value_or("") == program.substr(0, 15);
    });
}

std::string Machine::holder_of(const std::string& node) const {
    for (const std::string& process : list("proc")) {
        if (process.empty() || process.find_first_not_of("0123456789") != std::string::npos)
            continue;
        const std::string folder = "proc/" + process + "/fd";
        for (const std::string& descriptor : list(folder)) {
            std::error_code error;
            if (fs::read_symlink(root_ / folder / descriptor, error) == "/" + node)
                return fmt::format("{} (process {})",
                                   read("proc/" + process + "/comm").value_or("a program"),
                                   process);
        }
    }
    return {};
}

}  // namespace opal::cli::doctor
