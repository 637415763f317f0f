// FuzzTarget: what one reader of files gives to the fuzzers: inputs that are right, words its
// format knows, and a function that reads whatever it is handed. Used by fuzz_main.cpp (seeded
// mutations, every compiler, part of ctest) and fuzz_libfuzzer.cpp (coverage-guided, clang).
//
// Rule: `feed` returns for every input, whatever it says; it catches the one error type its reader
// promises and nothing else. Whatever escapes, crashes, hangs or takes memory without end is a
// finding.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace opal::fuzz {

using Bytes = std::vector<std::uint8_t>;

inline Bytes bytes_of(std::string_view text) {
    return {text.begin(), text.end()};
}

// Each target defines these three.
std::vector<Bytes> seeds();        // files the reader takes
std::vector<std::string> words();  // pieces of the format, inserted by mutations
void feed(std::span<const std::byte> input);

// A property that must hold of every input the reader has taken.
inline void require(bool holds, const char* what) {
    if (holds) return;
    std::fprintf(stderr, "property violated: %s\n", what);
    std::abort();
}

// An error message of a reader: one line that says something.
inline void require_one_line(std::string_view message) {
    require(!message.empty(), "an error message is not empty");
    require(message.find('\n') == std::string_view::npos, "an error message is one line");
}

}  // namespace opal::fuzz
