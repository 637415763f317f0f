// Encoder: finds equal bits in a batch and draws each once. See encoder.h.
#include "projection/encoder.h"

#include <algorithm>
#include <cassert>
#include <utility>

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
    if (how_ == Words::kept)
        put_in_order_of_appearance(into);
    else
        for (std::size_t k = 0; k < into.distinct; ++k) into.words.push_back(take_word());
    for (std::size_t k = 0; k < into.distinct; ++k)
        layout_.draw(into.bits_of(k), into.words[k], into.patterns[k]);
}

std::uint32_t Encoder::take_word() {
    const std::uint32_t word = next_word_;
    next_word_ = (next_word_ + 1) % calibration::code_words;
    return word;
}

// Gives the batch's patterns their words and the numbers 0, 1, 2 ... in the order in which their
// bits were first seen, in this batch or an earlier one.
void Encoder::put_in_order_of_appearance(EncodedBatch& batch) {
    if (appeared_.size() > most_remembered) appeared_.clear();
    std::vector<std::pair<Appearance*, std::uint32_t>> order;  // and the number so far
    for (std::size_t k = 0; k < batch.distinct; ++k) {
        const auto key = key_of(k);
        const auto [at, fresh] = appeared_.try_emplace({key.begin(), key.end()});
        if (fresh) at->second = {appearances_++, take_word()};
        order.emplace_back(&at->second, static_cast<std::uint32_t>(k));
    }
    std::sort(order.begin(), order.end(),
              [](const auto& a, const auto& b) { return a.first->number < b.first->number; });
    std::vector<std::uint32_t> number_now(batch.distinct);
    std::vector<std::uint8_t> bits;
    bits.reserve(batch.bits.size());
    for (std::size_t k = 0; k < order.size(); ++k) {
        auto& [appearance, before] = order[k];
        if (k > 0 && appearance->word == batch.words.back()) appearance->word = take_word();
        if (k > 0 && appearance->word == batch.words.back()) appearance->word = take_word();
        batch.words.push_back(appearance->word);
        number_now[before] = static_cast<std::uint32_t>(k);
        const auto own = batch.bits_of(before);
        bits.insert(bits.end(), own.begin(), own.end());
    }
    batch.bits = std::move(bits);
    for (auto* const numbers : {&batch.plus, &batch.minus})
        for (std::uint32_t& number : *numbers)
            if (number != EncodedBatch::dark) number = number_now[number];
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
    batch.words[pattern] = take_word();
    layout_.draw(batch.bits_of(pattern), batch.words[pattern], batch.patterns[pattern]);
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
