// FieldMemory: whatever was shown before, the field is the medium's sum over the pattern; and
// patterns with known pieces cost little.
#include "sim/physics/field_kernels.h"
#include "sim/physics/field_memory.h"
#include "tests/sim/vector_targets.h"

#include <doctest/doctest.h>

#include <cmath>
#include <vector>

using namespace opal::sim;

namespace {

// A medium with entries anyone can work out: mode k, channel i -> small integers. Counts its work.
class PlainMedium final : public Medium {
public:
    explicit PlainMedium(bool sums_channels = true) : sums_channels_(sums_channels) {}

    static std::int64_t entry(std::size_t value, std::size_t channel, std::uint32_t epoch) {
        return static_cast<std::int64_t>((value * 31 + channel * 17 + epoch * 5) % 255) - 127;
    }
    void add_field(std::span<const std::int32_t> q12, const ModeWindow&, std::uint32_t epoch,
                   std::span<std::int64_t> field, MediumScratch&) const override {
        for (std::size_t i = 0; i < q12.size(); ++i) {
            if (q12[i] == 0) continue;
            ++channels_summed;
            for (std::size_t k = 0; k < field.size(); ++k) field[k] += entry(k, i, epoch) * q12[i];
        }
    }
    bool sums_channels(const ModeWindow&) const override { return sums_channels_; }
    void prepare(const ModeWindow&, std::uint32_t) const override {}
    double entry_power() const override { return 1; }
    std::vector<std::complex<double>> plain_field(std::span<const double>, const ModeWindow&,
                                                  std::uint32_t) const override {
        return {};
    }

    mutable std::size_t channels_summed = 0;

private:
    bool sums_channels_;
};

class Numbers {
public:
    std::uint32_t below(std::uint32_t limit) {
        state_ = state_ * 1664525u + 1013904223u;
        return static_cast<std::uint32_t>(std::uint64_t{state_} * limit >> 32);
    }

private:
    std::uint32_t state_ = 7;
};

constexpr std::size_t row_channels = 8;
constexpr std::size_t rows = 11;                           // no power of two
constexpr std::size_t channels = rows * row_channels - 3;  // the last row is short

std::vector<std::int32_t> dark_light() {
    std::vector<std::int32_t> q12(channels);
    for (std::size_t i = 0; i < channels; ++i) q12[i] = static_cast<std::int32_t>(i % 7);
    return q12;
}

// Blocks of rows with few states each, as inputs and code words are.
std::vector<std::int32_t> light(std::uint32_t upper, std::uint32_t lower, std::uint32_t word) {
    std::vector<std::int32_t> q12 = dark_light();
    for (std::size_t i = 0; i < channels; ++i) {
        const std::size_t row = i / row_channels;
        const std::uint32_t bits = row < 4 ? upper : row < 8 ? lower : word;
        if ((bits >> i % row_channels & 1u) != 0) q12[i] = 4096 - static_cast<std::int32_t>(i);
        if (row == 7) q12[i] += static_cast<std::int32_t>(word);  // one row of both
    }
    return q12;
}

std::vector<std::int64_t> expected(const std::vector<std::int32_t>& q12, std::size_t values,
                                   std::uint32_t epoch) {
    std::vector<std::int64_t> field(values, 0);
    for (std::size_t i = 0; i < q12.size(); ++i) {
        for (std::size_t k = 0; k < values; ++k)
            field[k] += PlainMedium::entry(k, i, epoch) * q12[i];
    }
    return field;
}

bool same(std::span<const std::int64_t> got, const std::vector<std::int64_t>& wanted) {
    return std::vector<std::int64_t>(got.begin(), got.end()) == wanted;
}

}  // namespace

TEST_CASE("fields are exact whatever came before, in every window and epoch") {
    const std::vector<std::int32_t> dark = dark_light();
    Numbers numbers;
    for (const bool by_channel : {true, false}) {
        CAPTURE(by_channel);
        const PlainMedium medium(by_channel);
        const auto tree = FieldMemory::make_tree(dark, row_channels);
        FieldMemory memory(medium, dark, tree.get());
        MediumScratch scratch;
        for (int n = 0; n < 400; ++n) {
            const int columns = n / 100 == 1 ? 5 : 9;
            const ModeWindow window{0, 0, 3, columns, 20, 20};
            const auto epoch = static_cast<std::uint32_t>(n / 150);
            auto q12 = light(numbers.below(3), numbers.below(4), numbers.below(5));
            if (n % 10 == 0) q12 = dark;
            if (n % 16 == 5) q12[numbers.below(channels)] += 1;
            const auto got = memory.field(q12, window, epoch, scratch);
            REQUIRE(same(got, expected(q12, 2 * window.modes(), epoch)));
        }
        CHECK(memory.stores_pieces() == by_channel);
    }
}

TEST_CASE("pieces that were seen are not summed again") {
    const std::vector<std::int32_t> dark = dark_light();
    const PlainMedium medium;
    const auto tree = FieldMemory::make_tree(dark, row_channels);
    FieldMemory memory(medium, dark, tree.get());
    MediumScratch scratch;
    const ModeWindow window{0, 0, 3, 4, 20, 20};
    Numbers numbers;
    const auto show = [&](int frames) {
        const std::size_t before = medium.channels_summed;
        for (int n = 0; n < frames; ++n) {
            const auto q12 =
                light(1 + numbers.below(15), 1 + numbers.below(15), 1 + numbers.below(15));
            REQUIRE(same(memory.field(q12, window, 0, scratch), expected(q12, 24, 0)));
        }
        return medium.channels_summed - before;
    };
    // 15 states of each block, 225 of the row they share. After 1200 frames each of those was seen
    // 5.3 times on average; 1.1 of them never and 5.8 once, so that 8 rows of 8 channels are left
    // to sum. Without memory some 40 channels a frame differ from the nearest known pattern.
    CHECK(show(1200) > 1000);
    CHECK(show(600) < 200);
}

TEST_CASE("more pieces than there is room for are forgotten, and the field stays exact") {
    const std::vector<std::int32_t> dark = dark_light();
    const PlainMedium medium;
    MediumScratch scratch;
    Numbers numbers;
    SUBCASE("states") {
        const auto tree = FieldMemory::make_tree(dark, row_channels);
        FieldMemory memory(medium, dark, tree.get());
        const ModeWindow window{0, 0, 1, 2, 20, 20};
        // Some 20 new states each: room for 32,768 is used up twice.
        for (int n = 0; n < 4000; ++n) {
            auto q12 = dark;
            for (auto& a : q12) a += static_cast<std::int32_t>(numbers.below(1000));
            REQUIRE(same(memory.field(q12, window, 0, scratch), expected(q12, 4, 0)));
        }
    }
    SUBCASE("fields") {
        const auto tree = FieldMemory::make_tree(dark, row_channels);
        FieldMemory memory(medium, dark, tree.get());
        // 20,000 modes: 160,000 bytes a field, 104 of them in 16 MiB.
        const ModeWindow window{0, 0, 100, 200, 300, 300};
        for (int n = 0; n < 120; ++n) {
            const auto q12 = light(numbers.below(12), numbers.below(12), numbers.below(6));
            REQUIRE(same(memory.field(q12, window, 0, scratch), expected(q12, 40000, 0)));
        }
        CHECK(memory.stores_pieces());
    }
}

TEST_CASE("a tree names what it sees: the same pieces alike, others apart") {
    const std::vector<std::int32_t> dark = dark_light();
    PatternTree tree(dark, row_channels, 64, 32);
    CHECK(tree.recognise(dark) == PatternTree::dark);
    const auto a = tree.recognise(light(1, 2, 3));
    const auto b = tree.recognise(light(1, 2, 2));
    CHECK(a != b);
    CHECK(tree.recognise(light(1, 2, 3)) == a);
    // Rows 0 to 7 are one piece, 8 to 10 the other; the first differs in row 7 only.
    CHECK(tree.state(a).lower != tree.state(b).lower);
    CHECK(tree.state(tree.state(a).upper).upper == tree.state(tree.state(b).upper).upper);
    CHECK(tree.piece(tree.state(a).piece).end_row == 11);
    // Half dark: the state of the other half.
    auto half = dark;
    half[0] = 4000;
    const auto single = tree.recognise(half);
    CHECK(tree.piece(tree.state(single).piece).end_row == 1);
    CHECK(tree.generation() == 0);
    for (std::uint32_t n = 0; n < 40; ++n) {
        tree.recognise(light(n, n + 1, n + 2));
    }
    CHECK(tree.generation() > 0);
}

TEST_CASE("sums and turns of fields are the same on every instruction set") {
    constexpr std::size_t count = 206;
    Numbers numbers;
    const auto any = [&](int bits) {
        return (static_cast<std::int64_t>(numbers.below(0xffffffffu)) - 0x80000000ll) >>
               (32 - bits);
    };
    std::vector<std::int64_t> base(count);
    std::vector<std::int64_t> far(count);
    std::vector<std::vector<std::int32_t>> fields(5, std::vector<std::int32_t>(count));
    for (std::size_t k = 0; k < count; ++k) {
        base[k] = any(32) * 1000;
        far[k] = any(32) * 777;
        for (auto& field : fields) field[k] = static_cast<std::int32_t>(any(29));
    }
    std::vector<const std::int32_t*> parts;
    for (const auto& field : fields) parts.push_back(field.data());
    std::vector<std::int64_t> sum(count);
    sum_fields_plain(base, parts, sum);
    CHECK(sum[9] ==
          base[9] + fields[0][9] + fields[1][9] + fields[2][9] + fields[3][9] + fields[4][9]);
    // Values up to 2^41 / 2^28: most fit, some saturate. 0.5 exactly now and then.
    const FieldTurn turn = {0x1p-27, 0x1.8p-29, 0.6, -0.8};
    base[4] = std::int64_t{1} << 50;
    base[5] = base[4];
    const FieldTurn still = {0.5, 0, 1, 0};
    std::vector<std::int64_t> halves(count);
    for (std::size_t k = 0; k < count; ++k) halves[k] = static_cast<std::int64_t>(k) - 103;
    std::vector<std::int16_t> turned(count);
    std::vector<std::int16_t> rounded(count);
    turn_fields_plain(base, far, turn, turned);
    turn_fields_plain(halves, far, still, rounded);
    CHECK(rounded[0] == -52);  // -51.5, away from 0
    CHECK(rounded[104] == 1);  // 0.5
    CHECK(rounded[103] == 0);
    const double re =
        static_cast<double>(base[20]) * 0x1p-27 + static_cast<double>(far[20]) * 0x1.8p-29;
    const double im =
        static_cast<double>(base[21]) * 0x1p-27 + static_cast<double>(far[21]) * 0x1.8p-29;
    CHECK(turned[20] == std::lround(re * 0.6 + im * 0.8));
    CHECK(turned[21] == std::lround(im * 0.6 - re * 0.8));
    CHECK(turned[4] == 32767);   // 2^23 (0.6 + 0.8)
    CHECK(turned[5] == -32768);  // 2^23 (0.6 - 0.8)
    opal::test::for_each_vector_target([&] {
        std::vector<std::int64_t> got_sum(count);
        sum_fields(base, parts, got_sum);
        std::vector<std::int64_t> expected_sum(count);
        sum_fields_plain(base, parts, expected_sum);
        CHECK(got_sum == expected_sum);
        std::vector<std::int16_t> got(count);
        turn_fields(base, far, turn, got);
        CHECK(got == turned);
        turn_fields(halves, far, still, got);
        CHECK(got == rounded);
    });
}
