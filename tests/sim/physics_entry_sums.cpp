// EntrySums against its plain twin on every instruction set, and at the bounds of its int32 sums.
#include "sim/physics/entry_sums.h"
#include "sim/physics/random_streams.h"
#include "tests/sim/vector_targets.h"

#include <doctest/doctest.h>

#include <vector>

using namespace opal::sim;

namespace {

std::vector<ChannelGroup> random_groups(std::size_t count, unsigned seed) {
    std::vector<ChannelGroup> groups(count);
    std::uint32_t number = 5;
    for (auto& group : groups) {
        group.number = number;
        for (auto& a : group.amplitudes) {
            seed = seed * 1664525u + 1013904223u;
            a = static_cast<std::int16_t>(static_cast<int>(seed >> 16) % 8193 - 4096);
        }
        number += seed >> 29;  // some are left out, as those without light are
        ++number;
    }
    return groups;
}

}  // namespace

TEST_CASE("drawing and adding in registers gives the plain twin's sums") {
    EntrySums sums;
    sums.key = {0x12345678u, 0x9ABCDEF0u};
    sums.epoch = 3;
    sums.first_mode = 0xFFFFFF00u;  // modes count on past 2^32, as a counter's word does
    // 513 groups are one more than are summed up in int32.
    for (const std::size_t count : {std::size_t{0}, std::size_t{1}, std::size_t{513}}) {
        const auto groups = random_groups(count, 1);
        for (const std::size_t modes : {1, 3, 8, 16, 31, 64, 300}) {
            if (count == 513 && modes > 64) continue;
            CAPTURE(modes);
            sums.modes = modes;
            std::vector<std::int64_t> expected(2 * modes, 9);
            add_entry_sums_plain(sums, groups, expected.data());
            opal::test::for_each_vector_target([&] {
                std::vector<std::int64_t> got(2 * modes, 9);
                add_entry_sums(sums, groups, got.data());
                CHECK(got == expected);
            });
        }
    }
}

TEST_CASE("sums of 512 groups that all pull one way fit") {
    // Amplitudes that make every term of mode 0's real part as large as can be: about
    // 512 * 8 * 4096 * 44 * sqrt(2 / pi) = 5.9e8, and up to 2.14e9 with the table's offset.
    EntrySums sums;
    sums.key = {7, 8};
    sums.modes = 64;
    std::vector<ChannelGroup> groups(512);
    for (std::uint32_t g = 0; g < groups.size(); ++g) {
        groups[g].number = g;
        const PhiloxWords words = philox({0, g, 0, stream_word(RandomStream::medium)}, sums.key);
        for (std::size_t i = 0; i < 8; ++i) {
            const bool upper = (words[i / 2] >> (8 * (i % 2)) & 128u) != 0;
            groups[g].amplitudes[i] = upper ? 4096 : -4096;
        }
    }
    for (const int sign : {1, -1}) {
        for (auto& group : groups) {
            for (auto& a : group.amplitudes) a = static_cast<std::int16_t>(sign * a);
        }
        std::vector<std::int64_t> expected(2 * sums.modes, 0);
        add_entry_sums_plain(sums, groups, expected.data());
        CHECK(std::abs(expected[0]) > 500000000);
        opal::test::for_each_vector_target([&] {
            std::vector<std::int64_t> got(2 * sums.modes, 0);
            add_entry_sums(sums, groups, got.data());
            CHECK(got == expected);
        });
    }
    // All amplitudes at 4096: the offset alone takes 512 * 4 * 4096 * 128 = 1.07e9 of each sum.
    for (auto& group : groups) group.amplitudes.fill(4096);
    std::vector<std::int64_t> expected(2 * sums.modes, 0);
    add_entry_sums_plain(sums, groups, expected.data());
    opal::test::for_each_vector_target([&] {
        std::vector<std::int64_t> got(2 * sums.modes, 0);
        add_entry_sums(sums, groups, got.data());
        CHECK(got == expected);
    });
}
