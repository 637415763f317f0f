// Fuzz target: IDX files, plain and packed with gzip (dfa/idx.h). Every input is read as images
// and as labels.
#include "tests/fuzz/memory_file.h"

#include "dfa/data_error.h"
#include "dfa/idx.h"

namespace opal::fuzz {

namespace {

using namespace std::string_literals;

// The labels 0 1 2 3 4, packed by `gzip -n9`.
constexpr std::string_view packed_labels(
    "\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff\x63\x60\xe0\x60\x64\x60\x60\x60\x65\x60\x64\x62"
    "\x66\x01\x00\x9b\x79\xc0\x9d\x0d\x00\x00\x00",
    33);

}  // namespace

std::vector<Bytes> seeds() {
    return {bytes_of("\0\0\x08\x03\0\0\0\x02\0\0\0\x03\0\0\0\x02"s + std::string(12, 'x')),
            bytes_of("\0\0\x08\x01\0\0\0\x05\0\x01\x02\x03\x04"s), bytes_of(packed_labels)};
}

std::vector<std::string> words() {
    return {"\0\0\x08\x03"s, "\0\0\x08\x01"s,     "\0\0\x0d\x03"s,
            "\x1f\x8b\x08"s, "\xff\xff\xff\xff"s, "\0\x01\0\0"s};
}

void feed(std::span<const std::byte> input) {
    const MemoryFile file(input);
    try {
        const auto images = dfa::read_idx_images(file.path());
        require(images.pixels.size() ==
                    std::size_t{images.count} * images.rows * std::size_t{images.columns},
                "there are as many pixels as the header says");
    } catch (const dfa::DataError& e) {
        require_one_line(e.what());
    }
    try {
        for (const auto label : dfa::read_idx_labels(file.path(), 10))
            require(label < 10, "labels that were taken are below the number of classes");
    } catch (const dfa::DataError& e) {
        require_one_line(e.what());
    }
}

}  // namespace opal::fuzz
