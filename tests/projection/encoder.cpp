// The encoder: every macro-pixel read back from the patterns, one image drawn by hand, and the
// sharing of patterns against a brute-force count.
#include "projection/encoder.h"

#include <doctest/doctest.h>

#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

using namespace opal;
using calibration::Layout;
using projection::EncodedBatch;
using projection::Encoder;
using projection::QuantisedBatch;

namespace {

QuantisedBatch random_batch(int samples, int inputs, int planes, unsigned seed) {
    std::mt19937 bits(seed);
    QuantisedBatch q;
    q.reshape(samples, inputs, planes);
    for (std::size_t i = 0; i < q.plus.size(); ++i) {
        const auto draw = bits() % 3;
        q.plus[i] = draw == 1;
        q.minus[i] = draw == 2;
    }
    return q;
}

// What most mirrors of a block say; -1 if they do not agree.
int block_value(const hal::BitPattern& pattern, const calibration::Block& block) {
    int on = 0;
    for (int r = 0; r < block.rows; ++r) {
        for (int c = 0; c < block.columns; ++c) on += pattern.at(block.row + r, block.column + c);
    }
    if (on == 0) return 0;
    return on == block.rows * block.columns ? 1 : -1;
}

std::string bit_text(std::span<const std::uint8_t> bits) {
    std::string text;
    for (const auto b : bits) text += b != 0 ? '1' : '0';
    return text;
}

}  // namespace

TEST_CASE("every sample's bits are read back from the mirrors of its pattern") {
    const Layout layout(96, 160, 23);
    Encoder encoder(layout);
    EncodedBatch encoded;
    for (unsigned round = 0; round < 3; ++round) {
        const auto q = random_batch(17, 23, 2, round);
        encoder.encode(q, encoded);
        std::size_t pair = 0;
        for (int b = 0; b < 17; ++b) {
            for (int j = 0; j < 2; ++j, ++pair) {
                for (const bool plus : {true, false}) {
                    const auto bits = plus ? q.plus_bits(b, j) : q.minus_bits(b, j);
                    const auto number = plus ? encoded.plus[pair] : encoded.minus[pair];
                    if (bit_text(bits) == std::string(23, '0')) {
                        CHECK(number == EncodedBatch::dark);
                        continue;
                    }
                    REQUIRE(number < encoded.distinct);
                    CHECK(bit_text(encoded.bits_of(number)) == bit_text(bits));
                    const auto& pattern = encoded.shown()[number];
                    for (int i = 0; i < 23; ++i) {
                        CHECK(block_value(pattern, layout.input_block(i)) == bits[std::size_t(i)]);
                    }
                    for (int k = 0; k < calibration::code_blocks; ++k) {
                        CHECK(block_value(pattern, layout.code_block(k)) ==
                              Layout::code_bit(encoded.words[number], k));
                    }
                }
            }
        }
    }
}

TEST_CASE("one image, drawn by hand") {
    // 16 x 32 mirrors: strip of 2 rows below 14; two inputs side by side, 14 x 16 each. Word 0 is
    // Walsh function 1: blocks with an odd number are on. By the table in calibration/layout.cpp
    // blocks 1, 3, ... 31 sit in places 21 29 5 19 7 20 6 11 25 28 23 10 14 16 24 15.
    QuantisedBatch q;
    q.reshape(1, 2, 1);
    q.plus = {0, 1};
    Encoder encoder(Layout(16, 32, 2));
    EncodedBatch encoded;
    encoder.encode(q, encoded);
    REQUIRE(encoded.distinct == 1);
    CHECK(encoded.plus[0] == 0);
    CHECK(encoded.minus[0] == EncodedBatch::dark);
    for (int r = 0; r < 16; ++r) {
        const std::uint64_t expected = r < 14 ? 0xffff0000U : 0x33b9cce0U;
        CHECK(encoded.patterns[0].row_words(r)[0] == expected);
    }
}

TEST_CASE("equal bits share a pattern, across signs, planes and samples") {
    // Few inputs: most patterns repeat. The count by brute force: a set of strings.
    const auto q = random_batch(200, 5, 3, 77);
    std::set<std::string> expected;
    for (int b = 0; b < 200; ++b) {
        for (int j = 0; j < 3; ++j) {
            expected.insert(bit_text(q.plus_bits(b, j)));
            expected.insert(bit_text(q.minus_bits(b, j)));
        }
    }
    expected.erase("00000");
    Encoder encoder(Layout(64, 64, 5));
    EncodedBatch encoded;
    encoder.encode(q, encoded);
    CHECK(encoded.distinct == expected.size());
    std::set<std::string> shown;
    for (std::size_t k = 0; k < encoded.distinct; ++k) shown.insert(bit_text(encoded.bits_of(k)));
    CHECK(shown == expected);
}

TEST_CASE("many distinct patterns: the table grows and still tells them apart") {
    const auto q = random_batch(700, 130, 1, 5);
    Encoder encoder(Layout(64, 256, 130));
    EncodedBatch encoded;
    encoder.encode(q, encoded);
    // 1400 random draws of 130 bits with probability 1/3: equal ones do not happen.
    CHECK(encoded.distinct == 1400);
    std::map<std::uint32_t, int> uses;
    for (const auto n : encoded.plus) ++uses[n];
    for (const auto n : encoded.minus) ++uses[n];
    CHECK(uses.size() == 1400);
}

TEST_CASE("neighbours carry different words, also across batches") {
    Encoder encoder(Layout(64, 256, 40));
    EncodedBatch encoded;
    std::vector<std::uint32_t> words;
    for (unsigned round = 0; round < 5; ++round) {
        encoder.encode(random_batch(15, 40, 1, round), encoded);
        words.insert(words.end(), encoded.words.begin(), encoded.words.end());
    }
    // A shift by fewer than code_words frames never meets an equal word.
    for (std::size_t i = 0; i < words.size(); ++i) {
        for (std::size_t j = i + 1; j < std::min(words.size(), i + calibration::code_words); ++j) {
            CHECK(words[i] != words[j]);
        }
    }
}

TEST_CASE("an empty batch of light needs no exposure") {
    QuantisedBatch q;
    q.reshape(3, 4, 2);
    Encoder encoder(Layout(64, 64, 4));
    EncodedBatch encoded;
    encoder.encode(q, encoded);
    CHECK(encoded.distinct == 0);
    CHECK(encoded.shown().empty());
    CHECK(encoded.plus == std::vector<std::uint32_t>(6, EncodedBatch::dark));
}

TEST_CASE("a pattern drawn again shows the same bits under the next word of the count") {
    const Layout layout(64, 256, 40);
    Encoder encoder(layout);
    EncodedBatch encoded;
    encoder.encode(random_batch(5, 40, 1, 3), encoded);
    const auto words = encoded.words;
    const auto bits = encoded.bits;
    encoder.renew(2, encoded);
    CHECK(encoded.bits == bits);
    CHECK(encoded.words[2] == words.back() + 1);
    hal::BitPattern by_hand;
    layout.draw(encoded.bits_of(2), words.back() + 1, by_hand);
    CHECK(encoded.patterns[2] == by_hand);
    CHECK(encoded.words[1] == words[1]);
    encoder.encode(random_batch(1, 40, 1, 4), encoded);
    CHECK(encoded.words[0] == words.back() + 2);
}

TEST_CASE("kept words: the same bits have the same pattern in every batch; neighbours differ") {
    const Layout layout(64, 64, 5);
    Encoder encoder(layout, projection::Words::kept);
    EncodedBatch encoded;
    std::map<std::string, std::uint32_t> words;
    std::size_t changed = 0;
    std::size_t shown = 0;
    for (unsigned round = 0; round < 40; ++round) {
        const auto q = random_batch(12, 5, 1, round);
        encoder.encode(q, encoded);
        std::set<std::string> distinct;
        for (std::size_t k = 0; k < encoded.distinct; ++k) {
            const std::string bits = bit_text(encoded.bits_of(k));
            distinct.insert(bits);
            const auto [at, fresh] = words.try_emplace(bits, encoded.words[k]);
            if (!fresh && at->second != encoded.words[k]) ++changed;
            at->second = encoded.words[k];
            if (k > 0) CHECK(encoded.words[k] != encoded.words[k - 1]);
            hal::BitPattern drawn;
            layout.draw(encoded.bits_of(k), encoded.words[k], drawn);
            CHECK(encoded.patterns[k] == drawn);
        }
        CHECK(distinct.size() == encoded.distinct);
        shown += encoded.distinct;
        // Every sample still finds its bits.
        for (int b = 0; b < 12; ++b) {
            const auto number = encoded.plus[std::size_t(b)];
            const std::string bits = bit_text(q.plus_bits(b, 0));
            if (number == EncodedBatch::dark)
                CHECK(bits == "00000");
            else
                CHECK(bit_text(encoded.bits_of(number)) == bits);
        }
    }
    // All 31 bits there are appear within the first 62 words: none is ever given twice.
    CHECK(words.size() <= 31);
    CHECK(shown > 300);
    CHECK(changed == 0);
}

TEST_CASE("kept words: equal ones that would be neighbours are told apart") {
    // 63 patterns of one input each in a row: number 62 has the word of number 0. Both alone are
    // neighbours.
    const Layout layout(128, 512, 63);
    Encoder encoder(layout, projection::Words::kept);
    EncodedBatch encoded;
    QuantisedBatch q;
    q.reshape(63, 63, 1);
    for (std::size_t i = 0; i < 63; ++i) q.plus[64 * i] = 1;
    encoder.encode(q, encoded);
    REQUIRE(encoded.distinct == 63);
    CHECK(encoded.words[62] == encoded.words[0]);
    q.reshape(2, 63, 1);
    q.plus[0] = 1;
    q.plus[63 + 62] = 1;
    encoder.encode(q, encoded);
    REQUIRE(encoded.distinct == 2);
    CHECK(encoded.words[0] != encoded.words[1]);
}
