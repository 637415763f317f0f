// Dlpc900Instrument: see dlpc900_instrument.h.
#include "sim/instruments/dlpc900/dlpc900_instrument.h"

#include "protocol/little_endian.h"

#include <algorithm>
#include <cassert>
#include <string_view>

namespace opal::sim {

using protocol::dlpc900_planes;
using protocol::Dlpc900Picture;

namespace {

constexpr std::uint8_t in_endpoint = 0x81;
constexpr std::uint8_t on_the_fly = 3;
constexpr std::size_t biggest_file = 16u << 20;

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

const protocol::Dlpc900Board& board_of(int type) {
    const protocol::Dlpc900Board* const board = protocol::find_dlpc900_board(type);
    assert(board != nullptr);
    return *board;
}

std::vector<std::byte> text_of(std::string_view text, std::size_t room) {
    std::vector<std::byte> bytes(room);
    for (std::size_t i = 0; i < std::min(text.size(), room); ++i)
        bytes[i] = static_cast<std::byte>(text[i]);
    return bytes;
}

// What the kernel's own HID driver asks [HID 1.11, sections 6.2.2 and 7]: reports of 64 bytes of
// the vendor's own, both ways; and it may be quiet when nothing changes.
UsbGadget::Answer hid_answer(const hal::UsbSetup& setup) {
    constexpr std::uint8_t report_descriptor[] = {
        0x06, 0x00, 0xFF, 0x09, 0x01, 0xA1, 0x01,              // a collection
        0x15, 0x00, 0x26, 0xFF, 0x00, 0x75, 0x08, 0x95, 0x40,  // of 64 times 8 bits
        0x09, 0x01, 0x81, 0x02, 0x09, 0x01, 0x91, 0x02, 0xC0,  // input, output
    };
    constexpr std::uint8_t from_interface = 0x81, to_interface_class = 0x21;
    std::vector<std::byte> bytes;
    if (setup.request_type == to_interface_class && setup.request == 0x0A) return bytes;
    if (setup.request_type != from_interface || setup.request != 6 || setup.value != 0x2200)
        return std::nullopt;
    for (const std::uint8_t b : report_descriptor) bytes.push_back(static_cast<std::byte>(b));
    return bytes;
}

}  // namespace

Dlpc900Instrument::Dlpc900Instrument(UsbGadget& usb, hal::Dmd& mirrors, const hal::Clock& clock,
                                     const Dlpc900Scene& s)
    : scene(s),
      usb_(usb),
      mirrors_(mirrors),
      clock_(clock),
      board_(board_of(s.board)),
      receiving_(static_cast<std::size_t>(board_.controllers), -1),
      loaded_(protocol::dlpc900_images, false) {
    assert(mirrors.info().rows == board_.rows && mirrors.info().columns == board_.columns);
    usb_.on_write([this](std::uint8_t, std::span<const std::byte> bytes) {
        const hal::Time now = clock_.now();
        if (now < ready_at_) return UsbGadget::Verdict::busy;
        if (scene.bytes_per_s > 0)
            ready_at_ = now + std::chrono::nanoseconds(std::chrono::seconds(1)) * bytes.size() /
                                  scene.bytes_per_s;
        take(bytes);
        return UsbGadget::Verdict::taken;
    });
    usb_.on_control(
        [](const hal::UsbSetup& setup, std::span<const std::byte>) { return hid_answer(setup); });
}

Dlpc900Instrument::~Dlpc900Instrument() {
    usb_.on_write({});
    usb_.on_control({});
}

hal::UsbDeviceInfo Dlpc900Instrument::usb_info() {
    hal::UsbDeviceInfo info;
    info.vendor_id = 0x0451;
    info.product_id = 0xC900;
    info.manufacturer = "Texas Instruments";
    info.product = "DLPC900";
    info.serial = "LCR3";
    info.place = "usb:memory";
    // Configuration, interface 0 (HID), its HID descriptor, interrupt endpoints 0x81 and 0x01.
    constexpr std::uint8_t bytes[] = {
        9, 2,    41,   0, 1,  1, 0,    0xC0, 50,  //
        9, 4,    0,    0, 2,  3, 0,    0,    0,   //
        9, 0x21, 0x11, 1, 0,  1, 0x22, 25,   0,   //
        7, 5,    0x81, 3, 64, 0, 1,               //
        7, 5,    0x01, 3, 64, 0, 1,
    };
    for (const std::uint8_t b : bytes) info.configuration.push_back(static_cast<std::byte>(b));
    return info;
}

void Dlpc900Instrument::take(std::span<const std::byte> report) {
    if (scene.silent) return;
    const auto command = commands_.take(report);
    if (!command) return;
    protocol::Dlpc900Reply reply{command->read, false, command->sequence, {}};
    const auto word = static_cast<Word>(command->word);
    if (scene.refusals > 0) {
        --scene.refusals;
        last_error_ = Code::failure;
        reply.refused = true;
    } else if (command->read) {
        auto data = read(word);
        if (data)
            reply.data = std::move(*data);
        else
            last_error_ = Code::unknown;
        reply.refused = !data;
        if (data && word != Word::error_code) last_error_ = Code::none;
    } else {
        last_error_ = write(word, command->data);
        reply.refused = last_error_ != Code::none;
    }
    if (!command->read && !command->reply_wanted) return;
    for (const auto& part : encode(reply)) usb_.send(in_endpoint, part);
}

std::optional<std::vector<std::byte>> Dlpc900Instrument::read(Word word) const {
    const auto byte = [](unsigned value) { return std::vector{static_cast<std::byte>(value)}; };
    switch (word) {
        case Word::error_code:
            return byte(static_cast<unsigned>(last_error_));
        case Word::error_text:
            return text_of(protocol::dlpc900_error_text(static_cast<int>(last_error_)), 60);
        case Word::version:
            return encode(scene.version);
        case Word::hardware_type: {
            auto data = byte(static_cast<unsigned>(board_.type));
            const auto tag = text_of("LCR-SIM", 32);
            data.insert(data.end(), tag.begin(), tag.end());
            return data;
        }
        case Word::hardware_status:
            return byte(board_.controllers == 2 ? 0x11 : 0x01);
        case Word::main_status:
            return byte(mirrors_.status().running ? protocol::dlpc900_status::running : 0);
        case Word::display_mode:
            return byte(mode_);
        default:
            return std::nullopt;
    }
}

Dlpc900Instrument::Code Dlpc900Instrument::write(Word word, std::span<const std::byte> data) {
    switch (word) {
        case Word::display_mode:
            if (data.size() != 1 || std::to_integer<int>(data[0]) > 3) return Code::parameter;
            if (std::to_integer<int>(data[0]) == 2) return Code::mode;  // no video source
            mirrors_.stop();
            mode_ = std::to_integer<std::uint8_t>(data[0]);
            return Code::none;
        case Word::park:
            return data.size() == 1 ? Code::none : Code::parameter;
        case Word::trigger_out_2: {
            const auto trigger = protocol::parse_dlpc900_trigger_out(data);
            if (!trigger) return Code::parameter;
            const bool in_order = trigger->inverted ? trigger->falling_us < trigger->rising_us
                                                    : trigger->rising_us < trigger->falling_us;
            const auto possible = [](int us) { return us >= -20 && us <= 20000; };
            return in_order && possible(trigger->rising_us) && possible(trigger->falling_us)
                       ? Code::none
                       : Code::delay;
        }
        case Word::start_stop:
            return start_stop(data);
        case Word::lut_definition:
            return define(data);
        case Word::lut_configuration:
            return configure(data);
        case Word::begin_image:
            return begin_image(data, 0);
        case Word::image_data:
            return image_data(data, 0);
        case Word::begin_image_secondary:
            return begin_image(data, 1);
        case Word::image_data_secondary:
            return image_data(data, 1);
        default:
            return Code::unknown;
    }
}

Dlpc900Instrument::Code Dlpc900Instrument::define(std::span<const std::byte> data) {
    if (mode_ == 0 || mirrors_.status().running) return Code::mode;
    const auto entry = protocol::parse_dlpc900_entry(data);
    if (!entry) return Code::parameter;
    if (entry->index >= protocol::dlpc900_entries) return Code::number;
    if (entry->exposure_us < board_.min_exposure_us) return Code::exposure;
    if (entry->plane + entry->depth > dlpc900_planes) return Code::bit_position;
    if (entry->image >= protocol::dlpc900_images) return Code::number;
    if (entry->depth != 1 || entry->wait_for_trigger) return Code::parameter;  // not on this table
    defined_[entry->index] = *entry;
    return Code::none;
}

Dlpc900Instrument::Code Dlpc900Instrument::configure(std::span<const std::byte> data) {
    if (mode_ == 0 || mirrors_.status().running) return Code::mode;
    const auto wanted = protocol::parse_dlpc900_configuration(data);
    if (!wanted || wanted->entries == 0) return Code::parameter;
    std::vector<protocol::Dlpc900Entry> table;
    for (std::uint16_t i = 0; i < wanted->entries; ++i) {
        const auto found = defined_.find(i);
        if (found == defined_.end()) return Code::number;
        table.push_back(found->second);
    }
    if (table.size() != table_.size()) {
        images_.clear();
        std::fill(loaded_.begin(), loaded_.end(), false);
    }
    table_ = std::move(table);
    shown_ = wanted->shown;
    return Code::none;
}

Dlpc900Instrument::Code Dlpc900Instrument::begin_image(std::span<const std::byte> data,
                                                       std::size_t controller) {
    if (mode_ != on_the_fly || mirrors_.status().running) return Code::mode;
    const auto begin = protocol::parse_dlpc900_image_start(data);
    if (!begin || controller >= receiving_.size() || begin->bytes > biggest_file)
        return Code::parameter;
    if (begin->image >= protocol::dlpc900_images) return Code::number;
    auto& stored = images_[begin->image];
    stored.resize(receiving_.size());
    stored[controller] = {begin->bytes, {}};
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
    if (scene.spoil_upload && stored.file.empty() && part.size() > 60) part = part.subspan(1);
    const std::size_t room = stored.announced - stored.file.size();
    part = part.first(std::min(part.size(), room));
    stored.file.insert(stored.file.end(), part.begin(), part.end());
    return Code::none;
}

Dlpc900Instrument::Code Dlpc900Instrument::start_stop(std::span<const std::byte> data) {
    if (data.size() != 1 || std::to_integer<int>(data[0]) > 2) return Code::parameter;
    mirrors_.stop();
    splash_ = false;
    return std::to_integer<int>(data[0]) == 2 ? start() : Code::none;
}

Dlpc900Instrument::Code Dlpc900Instrument::start() {
    if (mode_ != on_the_fly || table_.empty()) return Code::mode;
    for (const auto& entry : table_)
        if (!load_image(entry.image)) splash_ = true;
    hal::PatternSequence sequence;
    sequence.repeat = shown_ == 0;
    // Played once if the number shown is that of the entries; a smaller one shows the first ones.
    const std::size_t count = sequence.repeat ? table_.size() : shown_;
    for (std::size_t i = 0; i < std::min<std::size_t>(count, mirrors_.info().max_entries); ++i) {
        const auto& entry = table_[i % table_.size()];
        const auto slot =
            splash_ ? 0u : static_cast<std::uint32_t>(entry.image * dlpc900_planes + entry.plane);
        sequence.entries.push_back({slot, std::chrono::microseconds(entry.exposure_us),
                                    std::chrono::microseconds(entry.dark_us),
                                    hal::StartOn::previous_end, entry.trigger_out_2});
    }
    if (splash_) {  // the stored logo: stripes that nobody loaded
        hal::BitPattern logo(board_.rows, board_.columns);
        for (int row = 0; row < board_.rows; row += 64)
            logo.fill(row, 0, std::min(32, board_.rows - row), board_.columns, true);
        mirrors_.load(0, {&logo, 1});
        std::fill(loaded_.begin(), loaded_.end(), false);
    }
    mirrors_.program(sequence);
    mirrors_.start();
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
    const int columns = board_.columns / board_.controllers;
    for (std::size_t c = 0; c < found->second.size(); ++c) {
        const Stored& stored = found->second[c];
        const auto picture = stored.file.size() == stored.announced
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
