// PartFile: a file on its way in, NAME.part beside where NAME will be.
//
// The rule: NAME appears whole, durable and at once, by finish(), or not at all. Whatever happens
// before that, a NAME.part with the bytes that came is left to be resumed; an empty one is removed.
// It is locked: two programs that fetch into the same folder do not write into each other's file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>

namespace opal::cli::fetch {

class PartFile {
public:
    // Opens NAME.part with what is in it, or a new one. Throws std::runtime_error, also while
    // another program has it.
    explicit PartFile(std::filesystem::path target);
    ~PartFile();
    PartFile(const PartFile&) = delete;
    PartFile& operator=(const PartFile&) = delete;

    const std::filesystem::path& target() const { return target_; }
    const std::filesystem::path& path() const { return part_; }
    std::uint64_t size() const { return size_; }

    // Throws std::runtime_error with the reason (a full disk).
    void append(std::span<const std::byte> bytes);
    void restart();  // empties it
    void finish();   // makes it durable under its final name; the last call
    void discard();  // removes it; the last call

private:
    [[noreturn]] void fail(const char* what) const;
    void close();

    std::filesystem::path target_;
    std::filesystem::path part_;
    int descriptor_ = -1;
    std::uint64_t size_ = 0;
};

}  // namespace opal::cli::fetch
