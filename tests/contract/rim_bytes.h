// Bytes for the suites of the lower rim: every value, no period, and the same on every run.
#pragma once

#include "hal/clock.h"
#include "hal/error.h"

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace opal::contract {

inline std::vector<std::byte> some_bytes(std::size_t count, std::uint32_t seed = 1) {
    std::vector<std::byte> bytes(count);
    std::uint32_t state = seed;
    for (std::byte& byte : bytes) {
        state = state * 1664525u + 1013904223u;
        byte = static_cast<std::byte>(state >> 24);
    }
    return bytes;
}

inline std::vector<std::byte> bytes_of(std::string_view text) {
    std::vector<std::byte> bytes;
    for (const char c : text) bytes.push_back(static_cast<std::byte>(c));
    return bytes;
}

template <typename Call>
void check_kind(hal::ErrorKind kind, Call&& call) {
    try {
        call();
        FAIL_CHECK("no DeviceError; expected " << hal::to_string(kind));
    } catch (const hal::DeviceError& error) {
        INFO(error.what());
        CHECK(error.kind() == kind);
        CHECK(std::string(error.what()).find('\n') == std::string::npos);
    }
}

}  // namespace opal::contract
