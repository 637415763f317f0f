// Dlpc900Instrument: the table of patterns and the pictures it refers to.
#include "sim/instruments/dlpc900/dlpc900_drawing.h"
#include "sim/instruments/dlpc900/dlpc900_instrument.h"

#include <algorithm>
#include <numeric>

namespace opal::sim {

using protocol::dlpc900_planes;
using protocol::Dlpc900Picture;

namespace {

using protocol::dlpc900_mode::on_the_fly;
constexpr std::size_t biggest_file = 16u << 20;

}  // namespace

// Rectangles of equal pixels, row by row, rows that are alike together.
void draw(const Dlpc900Picture& picture, int first_column, std::span<hal::BitPattern> planes) {
    const auto same_row = [&](int a, int b) {
        const std::byte* const rows = picture.pixels.data();
        const std::size_t bytes = picture.row_bytes();
        return std::equal(rows + bytes * std::size_t(a), rows + bytes * std::size_t(a + 1),
                          rows + bytes * std::size_t(b));
    };
    for (int row = 0; row < picture.height;) {
        int end = row + 1;
        while (end < picture.height && same_row(row, end)) ++end;
        for (int column = 0; column < picture.width;) {
            const std::uint32_t pixel = planes_at(picture, row, column);
            int next = column + 1;
            while (next < picture.width && planes_at(picture, row, next) == pixel) ++next;
            for (std::size_t k = 0; k < planes.size(); ++k)
                if ((pixel >> k & 1) != 0)
                    planes[k].fill(row, first_column + column, end - row, next - column, true);
            column = next;
        }
        row = end;
    }
}

Dlpc900Instrument::Code Dlpc900Instrument::define(std::span<const std::byte> data) {
    if (busy()) return Code::mode;
    const auto entry = protocol::parse_dlpc900_entry(data);
    if (!entry) return Code::parameter;
    if (entry->index >= protocol::dlpc900_entries) return Code::number;
    if (entry->exposure_us < board_.min_exposure_us) return Code::exposure;
    if (entry->plane + entry->depth > dlpc900_planes) return Code::bit_position;
    if (entry->image >= protocol::dlpc900_images) return Code::number;
    if (entry->depth != 1) return Code::parameter;  // not on this table
    defined_[entry->index] = *entry;
    table_set_ = false;
    return Code::none;
}

Dlpc900Instrument::Code Dlpc900Instrument::configure(std::span<const std::byte> data) {
    if (busy()) return Code::mode;
    const auto wanted = protocol::parse_dlpc900_configuration(data);
    if (!wanted || wanted->entries == 0) return Code::parameter;
    std::vector<Playable> table;
    for (std::uint16_t i = 0; i < wanted->entries; ++i) {
        const auto found = defined_.find(i);
        if (found == defined_.end()) return Code::number;
        table.push_back({found->second, 0});
    }
    for (std::size_t i = 0; i < table.size(); ++i)
        if (table[(i + 1) % table.size()].entry.wait_for_trigger)
            table[i].black_us = protocol::dlpc900_hidden_black_us;
    const auto same_place = [](const Playable& a, const Playable& b) {
        return a.entry.image == b.entry.image && a.entry.plane == b.entry.plane;
    };
    if (!std::equal(table.begin(), table.end(), table_.begin(), table_.end(), same_place)) {
        images_.clear();
        std::fill(loaded_.begin(), loaded_.end(), false);
    }
    table_ = std::move(table);
    order_.resize(table_.size());
    std::iota(order_.begin(), order_.end(), std::uint16_t{0});
    shown_ = wanted->shown;
    paused_at_ = 0;
    table_set_ = pictures_set_ = true;
    return Code::none;
}

Dlpc900Instrument::Code Dlpc900Instrument::reorder(std::span<const std::byte> data) {
    if (scene.version.major < 5) return Code::unknown;
    if (busy() || mode_ == protocol::dlpc900_mode::video_patterns) return Code::mode;
    const auto wanted = protocol::parse_dlpc900_reorder(data);
    if (!wanted || wanted->entries.empty() || !table_set_ || !pictures_set_) return Code::parameter;
    for (const std::uint16_t entry : wanted->entries)
        if (entry >= table_.size()) return Code::number;
    order_ = wanted->entries;
    shown_ = wanted->shown;
    paused_at_ = 0;
    return Code::none;
}

Dlpc900Instrument::Code Dlpc900Instrument::begin_image(std::span<const std::byte> data,
                                                       std::size_t controller) {
    if (mode_ != on_the_fly || running()) return Code::mode;
    const auto begin = protocol::parse_dlpc900_image_start(data);
    if (!begin || controller >= receiving_.size() || begin->bytes > biggest_file)
        return Code::parameter;
    if (begin->image >= protocol::dlpc900_images) return Code::number;
    auto& stored = images_[begin->image];
    stored.resize(receiving_.size());
    // Firmware from 5 on loads pictures for a table it has been given.
    stored[controller] = {begin->bytes, {}, scene.version.major < 5 || table_set_};
    receiving_[controller] = begin->image;
    loaded_[begin->image] = false;
    return Code::none;
}

Dlpc900Instrument::Code Dlpc900Instrument::image_data(std::span<const std::byte> data,
                                                      std::size_t controller) {
    if (mode_ != on_the_fly) return Code::mode;
    const auto bytes = protocol::parse_dlpc900_chunk(data);
    if (!bytes || controller >= receiving_.size() || receiving_[controller] < 0)
        return Code::parameter;
    Stored& stored = images_[receiving_[controller]][controller];
    image_bytes_ += bytes->size();
    auto part = *bytes;
    if (scene.spoiled_uploads > 0 && stored.file.empty() && part.size() > 60) {
        --scene.spoiled_uploads;
        part = part.subspan(1);
    }
    const std::size_t room = stored.announced - stored.file.size();
    part = part.first(std::min(part.size(), room));
    stored.file.insert(stored.file.end(), part.begin(), part.end());
    pictures_set_ = false;
    return Code::none;
}

bool Dlpc900Instrument::load_image(int image) {
    if (loaded_[static_cast<std::size_t>(image)]) return true;
    const auto found = images_.find(image);
    if (found == images_.end()) return false;
    const std::size_t first = static_cast<std::size_t>(image) * dlpc900_planes;
    const std::size_t slots = mirrors_.info().memory_patterns;
    if (first >= slots) return false;
    std::vector<hal::BitPattern> planes(std::min<std::size_t>(dlpc900_planes, slots - first),
                                        hal::BitPattern(board_.rows, board_.columns));
    const int columns = board_.columns / controllers_;
    for (std::size_t c = 0; c < found->second.size(); ++c) {
        const Stored& stored = found->second[c];
        const auto picture = stored.kept && stored.file.size() == stored.announced
                                 ? protocol::parse_dlpc900_file(stored.file)
                                 : std::nullopt;
        if (!picture || picture->width != columns || picture->height != board_.rows) return false;
        draw(*picture, static_cast<int>(c) * columns, planes);
    }
    mirrors_.load(static_cast<std::uint32_t>(first), planes);
    loaded_[static_cast<std::size_t>(image)] = true;
    return true;
}

}  // namespace opal::sim
