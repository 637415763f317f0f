// Mutation: see mutation.h. A few small wounds each: what bad disks, editors and transfers do, and
// numbers that sit at the edges of their types.
#include "tests/fuzz/mutation.h"

#include <algorithm>
#include <array>
#include <random>

namespace opal::fuzz {

namespace {

// std::uniform_int_distribution differs between libraries; a remainder does not.
class Dice {
public:
    Dice(std::uint64_t seed, std::uint64_t number) {
        std::seed_seq mix{static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32),
                          static_cast<std::uint32_t>(number),
                          static_cast<std::uint32_t>(number >> 32)};
        random_.seed(mix);
    }
    std::size_t below(std::size_t n) { return n == 0 ? 0 : random_() % n; }

private:
    std::mt19937_64 random_;
};

using Place = Bytes::difference_type;

Place at(std::size_t n) {
    return static_cast<Place>(n);
}

void flip_bit(Bytes& b, Dice& dice) {
    if (!b.empty()) b[dice.below(b.size())] ^= static_cast<std::uint8_t>(1U << dice.below(8));
}

void set_byte(Bytes& b, Dice& dice) {
    constexpr std::array<std::uint8_t, 8> edges{0, 1, 0x7f, 0x80, 0xff, '-', '9', '\n'};
    if (!b.empty()) b[dice.below(b.size())] = edges[dice.below(edges.size())];
}

// A number of 2, 4 or 8 bytes at the edge of what it can be, in either byte order.
void set_number(Bytes& b, Dice& dice) {
    const std::size_t size = std::size_t{2} << dice.below(3);
    if (b.size() < size) return;
    constexpr std::array<std::uint64_t, 8> edges{
        0, 1, 0x7fff, 0x7fffffff, 0xffffffff, ~std::uint64_t{0}, 1ULL << 31, 1ULL << 62,
    };
    const std::uint64_t value = edges[dice.below(edges.size())];
    const bool big_endian = dice.below(2) == 1;
    const std::size_t begin = dice.below(b.size() - size + 1);
    for (std::size_t i = 0; i < size; ++i)
        b[begin + (big_endian ? size - 1 - i : i)] = static_cast<std::uint8_t>(value >> (8 * i));
}

void cut(Bytes& b, Dice& dice) {
    b.resize(dice.below(b.size() + 1));
}

void remove_piece(Bytes& b, Dice& dice) {
    const std::size_t begin = dice.below(b.size());
    const std::size_t length = std::min(1 + dice.below(64), b.size() - begin);
    b.erase(b.begin() + at(begin), b.begin() + at(begin + length));
}

void repeat_piece(Bytes& b, Dice& dice) {
    const std::size_t begin = dice.below(b.size());
    const std::size_t length = std::min(1 + dice.below(64), b.size() - begin);
    const Bytes piece(b.begin() + at(begin), b.begin() + at(begin + length));
    const std::size_t times = 1 + dice.below(dice.below(8) == 0 ? 200 : 3);
    Bytes run;
    for (std::size_t i = 0; i < times; ++i) run.insert(run.end(), piece.begin(), piece.end());
    b.insert(b.begin() + at(dice.below(b.size() + 1)), run.begin(), run.end());
}

void insert_word(Bytes& b, const std::vector<std::string>& words, Dice& dice) {
    if (words.empty()) return;
    const std::string& word = words[dice.below(words.size())];
    const std::size_t begin = dice.below(b.size() + 1);
    if (dice.below(2) == 0) {  // over what is there
        const std::size_t gone = std::min(word.size(), b.size() - begin);
        b.erase(b.begin() + at(begin), b.begin() + at(begin + gone));
    }
    b.insert(b.begin() + at(begin), word.begin(), word.end());
}

// The beginning of this one and the end of another.
void splice(Bytes& b, const Bytes& other, Dice& dice) {
    b.resize(dice.below(b.size() + 1));
    const std::size_t from = dice.below(other.size() + 1);
    b.insert(b.end(), other.begin() + at(from), other.end());
}

}  // namespace

Bytes mutated(const std::vector<Bytes>& seeds, const std::vector<std::string>& words,
              std::uint64_t seed, std::uint64_t number) {
    Dice dice(seed, number);
    Bytes b = seeds[dice.below(seeds.size())];
    const std::size_t wounds = 1 + dice.below(4);
    for (std::size_t i = 0; i < wounds; ++i) {
        switch (dice.below(8)) {
            case 0:
                flip_bit(b, dice);
                break;
            case 1:
                set_byte(b, dice);
                break;
            case 2:
                set_number(b, dice);
                break;
            case 3:
                cut(b, dice);
                break;
            case 4:
                remove_piece(b, dice);
                break;
            case 5:
                repeat_piece(b, dice);
                break;
            case 6:
                splice(b, seeds[dice.below(seeds.size())], dice);
                break;
            default:
                insert_word(b, words, dice);
                break;
        }
    }
    return b;
}

}  // namespace opal::fuzz
