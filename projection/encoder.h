// Encoder: quantised bits -> the patterns a batch needs, each once. Second arrow of the data flow.
//
// Errors of a classification task repeat: the same signs come back many times in a batch, and one
// sample's plus is another's minus. Equal bits share one pattern and one exposure. Every pattern
// carries a code word in the guard strip; neighbours in the sequence never carry the same one, and
// the count goes on from batch to batch, so that a frame of the batch before is recognised too.
// Or, for a DMD that takes long to load (Words::kept): the same bits keep their word, so that their
// pattern is one the DMD has had before. A frame of the batch before is then told from another
// pattern's, and one of the same pattern holds the same light. Neighbours still differ.
// Bits that are all zero need no exposure: the inputs' light is zero by definition.
#pragma once

#include "calibration/layout.h"
#include "hal/bit_pattern.h"
#include "projection/quantiser.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <vector>

namespace opal::projection {

struct EncodedBatch {
    static constexpr std::uint32_t dark = 0xffffffff;  // "no input on" among pattern numbers

    std::size_t distinct = 0;
    std::vector<hal::BitPattern> patterns;  // the first `distinct` count; the rest is kept storage
    std::vector<std::uint32_t> words;       // (distinct) code word of each pattern
    std::vector<std::uint8_t> bits;         // (distinct, inputs) logical inputs of each pattern
    std::vector<std::uint32_t> plus;        // (samples, planes) number of the pattern, or dark
    std::vector<std::uint32_t> minus;       // likewise

    std::span<const hal::BitPattern> shown() const { return {patterns.data(), distinct}; }
    std::span<const std::uint8_t> bits_of(std::size_t pattern) const {
        const std::size_t inputs = bits.size() / distinct;
        return std::span(bits).subspan(pattern * inputs, inputs);
    }
};

enum class Words { counted, kept };

class Encoder {
public:
    explicit Encoder(const calibration::Layout& layout, Words words = Words::counted)
        : layout_(layout), how_(words) {}

    // batch.inputs must be layout.inputs(). Allocates nothing once the storage has grown.
    void encode(const QuantisedBatch& batch, EncodedBatch& into);
    // Draws one pattern of the batch again with the next code word, for showing it again: a late
    // frame of the first time cannot pass for the second.
    void renew(std::size_t pattern, EncodedBatch& batch);
    // The batch that shows these bits, (patterns, inputs), as they are: for measuring.
    void encode_plain(std::span<const std::uint8_t> bits, EncodedBatch& into);

private:
    std::uint32_t number_of(std::span<const std::uint8_t> bits, EncodedBatch& into);
    void grow_table();
    std::span<const std::uint64_t> key_of(std::size_t pattern) const {
        return std::span(keys_).subspan(pattern * key_.size(), key_.size());
    }
    void put_in_order_of_appearance(EncodedBatch& batch);
    std::uint32_t take_word();

    calibration::Layout layout_;
    Words how_;
    std::uint32_t next_word_ = 0;
    // Open addressing over the packed bits of the distinct patterns seen in this batch.
    std::vector<std::uint64_t> keys_;   // (distinct, words per key)
    std::vector<std::uint64_t> key_;    // the one being looked up
    std::vector<std::uint32_t> table_;  // pattern number or dark; size a power of two

    // Words::kept: what earlier batches have shown. The order of appearance is also the order in a
    // batch: words count with it, so that equal ones are rarely neighbours.
    struct Appearance {
        std::uint64_t number = 0;
        std::uint32_t word = 0;
    };
    std::map<std::vector<std::uint64_t>, Appearance> appeared_;  // by packed bits
    std::uint64_t appearances_ = 0;
    static constexpr std::size_t most_remembered = 4096;
};

}  // namespace opal::projection
