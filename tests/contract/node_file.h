// NodeFile: an empty file in a folder of its own, to mount a made-up USB node over.
#pragma once

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <system_error>
#include <utility>

namespace opal::contract {

class NodeFile {
public:
    NodeFile() {
        std::string folder = (std::filesystem::temp_directory_path() / "opal-node-XXXXXX").string();
        REQUIRE(::mkdtemp(folder.data()) != nullptr);
        folder_ = folder;
        const std::ofstream empty(path());
    }
    ~NodeFile() {
        std::error_code ignored;
        if (!folder_.empty()) std::filesystem::remove_all(folder_, ignored);
    }
    NodeFile(NodeFile&& other) noexcept : folder_(std::exchange(other.folder_, {})) {}
    NodeFile& operator=(NodeFile&&) = delete;

    std::string path() const { return (folder_ / "004").string(); }

private:
    std::filesystem::path folder_;
};

}  // namespace opal::contract
