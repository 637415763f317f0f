// Encoder: finds equal bits in a batch and draws each once. See encoder.h.
#include "projection/encoder.h"

#include <algorithm>
#include <cassert>

namespace opal::projection {

namespace {

constexpr std::size_t smallest_table = 64;

// FNV-1a over words, then a final mix: keys differ in few bits and the table uses the low ones.
std::size_t hash_of(std::span<const std::uint64_t> key) {
    std::uint64_t hash = 0xcbf29ce484222325U;
    for (const std::uint64_t word : key) hash = (hash ^ word) * 0x100000001b3U;
    hash ^= hash >> 32;
    hash *= 0x9e3779b97f4a7c15U;
    return static_cast<std::size_t>(hash ^ hash >> 29);
}

}  // namespace

void Encoder::encode(const QuantisedBatch& batch, EncodedBatch& into) {
    assert(batch.inputs == layout_.inputs());
    const std::size_t pairs =
        static_cast<std::size_t>(batch.samples) * static_cast<std::size_t>(batch.planes);
    into.distinct = 0;
    into.words.clear();
    into.bits.clear();
    into.plus.resize(pairs);
    into.minus.resize(pairs);
    keys_.clear();
    key_.assign((static_cast<std::size_t>(batch.inputs) + 63) / 64, 0);
    table_.assign(std::max(table_.size(), smallest_table), EncodedBatch::dark);

    std::size_t pair = 0;
    for (int b = 0; b < batch.samples; ++b) {
        for (int j = 0; j < batch.planes; ++j, ++pair) {
            into.plus[pair] = number_of(batch.plus_bits(b, j), into);
            into.minus[pair] = number_of(batch.minus_bits(b, j), into);
        }
    }
    if (into.patterns.size() < into.distinct) into.patterns.resize(into.distinct);
    for (std::size_t k = 0; k < into.distinct; ++k) {
        into.words.push_back(next_word_);
        layout_.draw(into.bits_of(k), next_word_, into.patterns[k]);
        next_word_ = (next_word_ + 1) % calibration::code_words;
    }
}

void Encoder::encode_plain(std::span<const std::uint8_t> bits, EncodedBatch& into) {
    const auto inputs = static_cast<std::size_t>(layout_.inputs());
    assert(bits.size() % inputs == 0);
    into.distinct = bits.size() / inputs;
    into.bits.assign(bits.begin(), bits.end());
    into.plus.clear();
    into.minus.clear();
    into.words.resize(into.distinct);
    if (into.patterns.size() < into.distinct) into.patterns.resize(into.distinct);
    for (std::size_t k = 0; k < into.distinct; ++k) renew(k, into);
}

void Encoder::renew(std::size_t pattern, EncodedBatch& batch) {
    assert(pattern < batch.distinct);
    batch.words[pattern] = next_word_;
    layout_.draw(batch.bits_of(pattern), next_word_, batch.patterns[pattern]);
    next_word_ = (next_word_ + 1) % calibration::code_words;
}

std::uint32_t Encoder::number_of(std::span<const std::uint8_t> bits, EncodedBatch& into) {
    std::fill(key_.begin(), key_.end(), 0);
    bool any = false;
    for (std::size_t i = 0; i < bits.size(); ++i) {
        if (bits[i] == 0) continue;
        key_[i / 64] |= std::uint64_t{1} << i % 64;
        any = true;
    }
    if (!any) return EncodedBatch::dark;

    if (2 * (into.distinct + 1) > table_.size()) grow_table();
    const std::size_t mask = table_.size() - 1;
    for (std::size_t at = hash_of(key_) & mask;; at = (at + 1) & mask) {
        const std::uint32_t number = table_[at];
        if (number == EncodedBatch::dark) {
            table_[at] = static_cast<std::uint32_t>(into.distinct);
            keys_.insert(keys_.end(), key_.begin(), key_.end());
            into.bits.insert(into.bits.end(), bits.begin(), bits.end());
            return static_cast<std::uint32_t>(into.distinct++);
        }
        if (std::equal(key_.begin(), key_.end(), keys_.begin() + number * key_.size())) {
            return number;
        }
    }
}

void Encoder::grow_table() {
    const std::size_t size = 2 * table_.size();
    table_.assign(size, EncodedBatch::dark);
    const std::size_t words = key_.size();
    for (std::size_t k = 0; k * words < keys_.size(); ++k) {
        std::size_t at = hash_of(std::span(keys_).subspan(k * words, words)) & (size - 1);
        while (table_[at] != EncodedBatch::dark) at = (at + 1) & (size - 1);
        table_[at] = static_cast<std::uint32_t>(k);
    }
}

}  // namespace opal::projection
