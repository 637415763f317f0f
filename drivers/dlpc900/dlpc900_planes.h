// Dlpc900Planes: which pattern lies in which one-bit plane of the board's pictures, and which
// pictures the board has to be sent before they can be shown.
//
// Patterns are known by what they show: one that is on the board already need not travel again, in
// whichever slot the caller keeps it. A picture costs the same with one new plane or with 24: new
// patterns go where few pictures have to travel and where what they replace was shown longest ago.
#pragma once

#include "hal/bit_pattern.h"
#include "hal/dmd.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <unordered_map>
#include <vector>

namespace opal::drivers {

// A pattern and a number that equal patterns share.
struct KnownPattern {
    std::shared_ptr<const hal::BitPattern> mirrors;  // null: none
    std::uint64_t fingerprint = 0;
    bool operator==(const KnownPattern& other) const;
};
KnownPattern known(const hal::BitPattern& pattern);

class Dlpc900Planes {
public:
    explicit Dlpc900Planes(std::size_t planes);

    // What a sequence shows: equal patterns with equal times may share a plane, others may not.
    struct Wish {
        KnownPattern pattern;
        hal::Duration exposure{0};
        hal::Duration dark{0};
        bool trigger_out = true;
    };
    // A plane for each wish; the board's planes are changed where none fits. There must not be more
    // different wishes than planes.
    std::vector<std::uint16_t> place(std::span<const Wish> wishes);
    // place() keeps to the first so many: each costs a definition. It takes more, in two steps,
    // before it gives up a pattern; another number makes the board forget its pictures.
    std::size_t in_table() const { return in_table_; }
    // The plane shows this pattern from now on.
    void put(std::size_t plane, const KnownPattern& pattern);

    std::span<const KnownPattern> picture(int number) const;
    int pictures() const { return static_cast<int>(stale_.size()); }
    bool stale(int picture) const { return stale_[static_cast<std::size_t>(picture)]; }
    void sent(int picture) { stale_[static_cast<std::size_t>(picture)] = false; }
    void all_stale() { stale_.assign(stale_.size(), true); }

private:
    std::vector<std::uint16_t> free_planes(const std::vector<bool>& taken, std::size_t count) const;

    std::vector<KnownPattern> planes_;
    std::vector<std::uint64_t> used_;  // the placing that needed the plane last
    std::uint64_t placings_ = 0;
    std::size_t in_table_;
    std::vector<bool> stale_;  // pictures
    std::unordered_multimap<std::uint64_t, std::uint16_t> by_fingerprint_;
};

}  // namespace opal::drivers
