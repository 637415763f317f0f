// Dlpc900Planes: see dlpc900_planes.h.
#include "drivers/dlpc900/dlpc900_planes.h"

#include "protocol/dlpc900_image.h"

#include <algorithm>
#include <cassert>
#include <numeric>
#include <tuple>

namespace opal::drivers {

namespace {

constexpr std::size_t planes_per_picture = protocol::dlpc900_planes;
constexpr std::size_t few_planes = planes_per_picture;
constexpr std::size_t more_planes = 4 * planes_per_picture;

std::uint64_t mix(std::uint64_t hash, std::uint64_t value) {
    hash = (hash ^ value) * 0x9E3779B97F4A7C15u;
    return hash ^ hash >> 29;
}

}  // namespace

bool KnownPattern::operator==(const KnownPattern& other) const {
    if (mirrors == other.mirrors) return true;
    return mirrors && other.mirrors && fingerprint == other.fingerprint &&
           *mirrors == *other.mirrors;
}

// Of rows that differ from the one above and where they are: the same whatever runs they are kept
// in.
KnownPattern known(const hal::BitPattern& pattern) {
    std::uint64_t hash = 0;
    std::span<const std::uint64_t> above;
    for (int row = 0; row < pattern.rows(); row = pattern.end_of_run(row)) {
        const auto words = pattern.row_words(row);
        if (row > 0 && std::equal(words.begin(), words.end(), above.begin())) continue;
        above = words;
        hash = mix(hash, static_cast<std::uint64_t>(row));
        for (const std::uint64_t word : words) hash = mix(hash, word);
    }
    return {std::make_shared<const hal::BitPattern>(pattern), hash};
}

Dlpc900Planes::Dlpc900Planes(std::size_t planes)
    : planes_(planes),
      used_(planes, 0),
      in_table_(std::min(few_planes, planes)),
      stale_((planes + planes_per_picture - 1) / planes_per_picture, true) {}

std::span<const KnownPattern> Dlpc900Planes::picture(int number) const {
    const std::size_t first = static_cast<std::size_t>(number) * planes_per_picture;
    return std::span(planes_).subspan(first, std::min(planes_per_picture, planes_.size() - first));
}

void Dlpc900Planes::put(std::size_t plane, const KnownPattern& pattern) {
    KnownPattern& old = planes_[plane];
    if (old == pattern) return;
    if (old.mirrors) {
        const auto [first, last] = by_fingerprint_.equal_range(old.fingerprint);
        const auto entry =
            std::find_if(first, last, [&](const auto& e) { return e.second == plane; });
        assert(entry != last);
        by_fingerprint_.erase(entry);
    }
    old = pattern;
    by_fingerprint_.emplace(pattern.fingerprint, static_cast<std::uint16_t>(plane));
    stale_[plane / planes_per_picture] = true;
}

std::vector<std::uint16_t> Dlpc900Planes::place(std::span<const Wish> wishes) {
    ++placings_;
    std::vector<bool> taken(planes_.size(), false);
    std::vector<const Wish*> on(planes_.size(), nullptr);  // by plane: whose times it has
    constexpr std::uint16_t nowhere = 0xFFFF;
    std::vector<std::uint16_t> places(wishes.size(), nowhere);
    const auto settle = [&](std::size_t wish, std::uint16_t plane) {
        places[wish] = plane;
        taken[plane] = true;
        on[plane] = &wishes[wish];
        used_[plane] = placings_;
    };
    const auto shares = [](const Wish& a, const Wish& b) {
        return a.exposure == b.exposure && a.dark == b.dark && a.trigger_out == b.trigger_out;
    };
    const auto find = [&](std::size_t wish) {
        const auto [first, last] = by_fingerprint_.equal_range(wishes[wish].pattern.fingerprint);
        for (auto at = first; at != last; ++at) {
            if (at->second >= in_table_) continue;
            if (!(planes_[at->second] == wishes[wish].pattern)) continue;
            if (on[at->second] != nullptr && !shares(*on[at->second], wishes[wish])) continue;
            settle(wish, at->second);
            return;
        }
    };
    for (std::size_t i = 0; i < wishes.size(); ++i) find(i);
    const auto homeless =
        static_cast<std::size_t>(std::count(places.begin(), places.end(), nowhere));
    if (homeless == 0) return places;
    const auto empty = [&] {
        return static_cast<std::size_t>(
            std::count_if(planes_.begin(), planes_.begin() + static_cast<std::ptrdiff_t>(in_table_),
                          [](const KnownPattern& p) { return !p.mirrors; }));
    };
    while (in_table_ < planes_.size() && empty() < homeless)
        in_table_ =
            in_table_ < more_planes ? std::min(more_planes, planes_.size()) : planes_.size();
    const auto room = free_planes(taken, homeless);
    std::size_t next = 0;
    for (std::size_t i = 0; i < wishes.size(); ++i) {
        if (places[i] != nowhere) continue;
        find(i);  // an equal one may have been put just now
        if (places[i] != nowhere) continue;
        assert(next < room.size());
        put(room[next], wishes[i].pattern);
        settle(i, room[next++]);
    }
    return places;
}

// Up to `count` planes that this placing does not need, picture by picture: those first whose
// planes were needed longest ago, and of them those that have to travel anyway.
std::vector<std::uint16_t> Dlpc900Planes::free_planes(const std::vector<bool>& taken,
                                                      std::size_t count) const {
    struct Candidate {
        std::uint64_t newest = 0;  // of the planes that would go
        std::size_t wanting = 0;   // planes too few for all that are looked for
        bool fresh = false;        // would travel for this alone
        std::vector<std::uint16_t> planes{};
    };
    std::vector<Candidate> candidates(stale_.size());
    for (std::size_t picture = 0; picture < stale_.size(); ++picture) {
        Candidate& c = candidates[picture];
        const std::size_t first = picture * planes_per_picture;
        const std::size_t last = std::min(first + planes_per_picture, in_table_);
        for (std::size_t plane = first; plane < last; ++plane)
            if (!taken[plane]) c.planes.push_back(static_cast<std::uint16_t>(plane));
        std::stable_sort(c.planes.begin(), c.planes.end(),
                         [&](std::uint16_t a, std::uint16_t b) { return used_[a] < used_[b]; });
        const std::size_t wanted = std::min(count, planes_per_picture);
        c.wanting = wanted - std::min(wanted, c.planes.size());
        if (c.planes.size() > wanted) c.planes.resize(wanted);
        if (!c.planes.empty()) c.newest = used_[c.planes.back()];
        c.fresh = !stale_[picture];
    }
    std::stable_sort(candidates.begin(), candidates.end(), [](const auto& a, const auto& b) {
        return std::tuple(a.wanting, a.newest, a.fresh) < std::tuple(b.wanting, b.newest, b.fresh);
    });
    std::vector<std::uint16_t> room;
    for (const Candidate& c : candidates) {
        for (const std::uint16_t plane : c.planes) {
            if (room.size() == count) return room;
            room.push_back(plane);
        }
    }
    return room;
}

}  // namespace opal::drivers
