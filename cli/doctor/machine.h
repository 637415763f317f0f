// Machine: the system files a bench depends on, below a root folder: "/", or a copy of another
// machine's, or a test's.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace opal::cli::doctor {

class Machine {
public:
    // Whether this user may read and write a device node; if it is root, whether any other may.
    using MayOpen = std::function<bool(const std::filesystem::path& node)>;
    explicit Machine(std::filesystem::path root = "/", MayOpen may_open = {});

    bool is_this_one() const { return root_ == "/"; }
    // Whether this path is below the root when its links are followed.
    bool holds(const std::filesystem::path& path) const;
    // Paths are relative to the root: "sys/bus/usb/devices".
    std::filesystem::path path(const std::string& relative) const { return root_ / relative; }
    std::optional<std::string> read(const std::string& file) const;  // without the last line's end
    std::optional<long long> number(const std::string& file) const;
    // One line of what a device says of itself; control characters, which a terminal would obey,
    // are '?'.
    std::optional<std::string> words(const std::string& file) const;
    std::vector<std::string> list(const std::string& folder) const;  // names, in order
    bool exists(const std::string& file) const;
    bool may_open(const std::string& node) const { return may_open_(root_ / node); }
    // The last part of what a link names; empty: there is none.
    std::string link_name(const std::string& link) const;
    // Programs of this name that run.
    bool runs(const std::string& program) const;
    // "python3 (process 1234)": who has this node open, as far as this user may see; empty: nobody.
    std::string holder_of(const std::string& node) const;

private:
    std::filesystem::path root_;
    MayOpen may_open_;
};

}  // namespace opal::cli::doctor
