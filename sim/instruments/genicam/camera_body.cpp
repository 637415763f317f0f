// CameraBody: what its registers hold at first, what may be written to them, and what follows from
// it.
#include "sim/instruments/genicam/camera_body.h"

#include "sim/instruments/genicam/camera_registers.h"
#include "sim/table/scene_time.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace opal::sim {

using hal::Duration;
using protocol::PixelCode;
namespace at = camera_register;
using Status = protocol::gvcp::Status;

namespace {

using Access = CameraMemory::Access;

constexpr std::array formats{PixelCode::mono8,   PixelCode::mono10, PixelCode::mono10_packed,
                             PixelCode::mono10p, PixelCode::mono12, PixelCode::mono12_packed,
                             PixelCode::mono12p, PixelCode::mono16};
constexpr std::uint32_t unity_milli = 1000;
constexpr std::uint32_t largest_black_milli_dn = 32000;
// Mono16 holds the sensor's 12 bits in its most significant ones.
constexpr int mono16_shift = 4;

constexpr std::uint32_t chunk_enable_of(std::uint32_t selected) {
    return at::chunk_enable + 4 * selected;
}

Duration in_100ns(std::uint32_t count) {
    return Duration{std::int64_t{count} * 100};
}

hal::PixelFormat format_of(std::uint32_t code) {
    switch (static_cast<PixelCode>(code)) {
        case PixelCode::mono8:
            return hal::PixelFormat::mono8;
        case PixelCode::mono10:
        case PixelCode::mono10_packed:
        case PixelCode::mono10p:
            return hal::PixelFormat::mono10;
        default:
            return hal::PixelFormat::mono12;
    }
}

}  // namespace

CameraBody::CameraBody(OpticalTable& table, const SensorScene& sensor, CameraMemory& memory,
                       CameraWire& wire, int threads, std::uint64_t exposures_before)
    : table_(table),
      scene_(sensor),
      memory_(memory),
      wire_(wire),
      sensor_(table, threads, exposures_before) {
    add_registers();
    const auto lock = table_.lock();
    table_.watch(*this);
}

CameraBody::~CameraBody() {
    const std::lock_guard alive(life_->mutex);
    life_->over = true;
    const auto lock = table_.lock();
    table_.unwatch(*this);
    sensor_.disarm();
}

void CameraBody::call_at(Duration when, std::function<void()> act) {
    table_.clock().call_at(hal::Time{when}, [life = life_, act = std::move(act)] {
        const std::lock_guard alive(life->mutex);
        if (!life->over) act();
    });
}

void CameraBody::add_registers() {
    const auto fixed = [&](std::uint32_t address, std::uint32_t value) {
        memory_.add(address, {value, Access::read});
    };
    const auto rows = static_cast<std::uint32_t>(scene_.rows);
    const auto columns = static_cast<std::uint32_t>(scene_.columns);
    fixed(at::sensor_width, columns);
    fixed(at::sensor_height, rows);
    fixed(at::payload_size, 0);
    fixed(at::readout_ns, 0);
    fixed(at::missed_triggers, 0);
    fixed(at::temperature_centi_c,
          static_cast<std::uint32_t>(std::lround(scene_.temperature_c * 100)));
    fixed(at::pitch_nm, static_cast<std::uint32_t>(std::lround(scene_.pitch_um * 1000)));
    memory_.add(at::width, {columns, Access::both, 1, columns});
    memory_.add(at::height, {rows, Access::both, 1, rows});
    memory_.add(at::offset_x, {0, Access::both, 0, columns - 1});
    memory_.add(at::offset_y, {0, Access::both, 0, rows - 1});
    memory_.add(at::pixel_format, {0, Access::both});
    memory_.add(at::test_pattern, {0, Access::both, 0, at::pattern_moving_ramp});
    memory_.add(at::acquisition_mode, {0, Access::both, 0, at::mode_multi});
    memory_.add(at::acquisition_frames, {1, Access::both, 1});
    memory_.add(at::rate_enable, {0, Access::both, 0, 1});
    memory_.add(at::rate_mhz, {10000, Access::both, 1});
    const auto shortest = static_cast<std::uint32_t>(std::ceil(scene_.min_exposure_us * 10 - 1e-6));
    memory_.add(at::exposure_100ns, {1000, Access::both, std::max(shortest, 1u), 100000000});
    memory_.add(at::trigger_delay_100ns, {0, Access::both, 0, 10000000});
    memory_.add(at::trigger_mode, {0, Access::both, 0, 1});
    memory_.add(at::trigger_source, {at::source_line0, Access::both, 0, at::source_line0});
    memory_.add(at::trigger_activation, {0, Access::both, 0, 0});
    memory_.add(at::parameters_locked, {0, Access::both, 0, 1});
    memory_.add(at::black_level_milli_dn,
                {0, Access::both, 0, std::max(largest_black_milli_dn, sensor_black_milli_dn())});
    memory_.add(at::gain_milli, {unity_milli, Access::both, unity_milli, 16 * unity_milli});
    memory_.add(at::chunk_mode, {0, Access::both, 0, 1});
    memory_.add(at::chunk_selector, {0, Access::both, 0, at::select_exposure});
    fixed(chunk_enable_of(at::select_image), 1);
    memory_.add(chunk_enable_of(at::select_frame_id), {1, Access::both, 0, 1});
    memory_.add(chunk_enable_of(at::select_exposure), {1, Access::both, 0, 1});
    for (const std::uint32_t command :
         {at::acquisition_start, at::acquisition_stop, at::trigger_software, at::missed_reset,
          at::load_defaults, at::device_reset})
        memory_.add(command, {0, Access::write, 1, 1});
    set_defaults();
}

void CameraBody::set_defaults() {
    memory_.set(at::width, static_cast<std::uint32_t>(scene_.columns));
    memory_.set(at::height, static_cast<std::uint32_t>(scene_.rows));
    for (const std::uint32_t zero :
         {at::offset_x, at::offset_y, at::test_pattern, at::acquisition_mode, at::rate_enable,
          at::trigger_mode, at::trigger_activation, at::trigger_delay_100ns, at::chunk_mode})
        memory_.set(zero, 0);
    memory_.set(at::pixel_format, number_of(PixelCode::mono8));
    memory_.set(at::trigger_source, at::source_line0);
    memory_.set(at::exposure_100ns, std::max(1000u, memory_.word(at::exposure_100ns).min));
    memory_.set(at::acquisition_frames, 1);
    memory_.set(at::rate_mhz, 10000);
    memory_.set(at::black_level_milli_dn, sensor_black_milli_dn());
    memory_.set(at::gain_milli, unity_milli);
    memory_.set(at::chunk_selector, at::select_image);
    memory_.set(chunk_enable_of(at::select_frame_id), 1);
    memory_.set(chunk_enable_of(at::select_exposure), 1);
}

std::uint32_t CameraBody::sensor_black_milli_dn() const {
    return static_cast<std::uint32_t>(std::lround(scene_.black_level_dn8 * 1000));
}

bool CameraBody::shapes_frames(std::uint32_t address) {
    return (address >= at::width && address <= at::test_pattern) ||
           address == at::acquisition_mode || address == at::rate_enable ||
           (address >= at::trigger_mode && address <= at::trigger_activation) ||
           address == at::load_defaults || address == at::chunk_mode ||
           (address >= at::chunk_enable && address <= chunk_enable_of(at::select_exposure));
}

std::uint64_t CameraBody::exposures_taken() {
    const auto lock = table_.lock();
    return sensor_.exposures_taken();
}

bool CameraBody::locked() const {
    return acquiring_ || memory_.value(at::parameters_locked) != 0;
}

Status CameraBody::check(std::uint32_t address, std::uint32_t value) const {
    const auto of = [&](std::uint32_t a) { return memory_.value(a); };
    if (locked() && shapes_frames(address)) return Status::access_denied;
    const auto columns = static_cast<std::uint32_t>(scene_.columns);
    const auto rows = static_cast<std::uint32_t>(scene_.rows);
    const auto inside = [](bool fits) {
        return fits ? Status::success : Status::invalid_parameter;
    };
    switch (address) {
        case at::width:
            return inside(value <= columns - of(at::offset_x));
        case at::offset_x:
            return inside(value <= columns - of(at::width));
        case at::height:
            return inside(value <= rows - of(at::offset_y));
        case at::offset_y:
            return inside(value <= rows - of(at::height));
        case at::pixel_format:
            return inside(std::any_of(formats.begin(), formats.end(),
                                      [&](PixelCode code) { return number_of(code) == value; }));
        case at::trigger_software:
            return of(at::trigger_mode) == 1 && of(at::trigger_source) == at::source_software
                       ? Status::success
                       : Status::access_denied;
        case at::acquisition_start:
            return wire_.can_stream() ? Status::success : Status::access_denied;
        default:
            return Status::success;
    }
}

void CameraBody::apply(std::uint32_t address) {
    switch (address) {
        case at::acquisition_start:
            return start();
        case at::acquisition_stop:
            return stop();
        case at::trigger_software: {
            {
                const auto lock = table_.lock();
                if (acquiring_ && sensor_.armed()) sensor_.trigger();
            }
            tell_missed();
            return schedule_frame();
        }
        case at::missed_reset: {
            const auto lock = table_.lock();
            missed_before_ = sensor_.missed_edges();
            return;
        }
        case at::load_defaults:
            set_defaults();
            return wire_.load_defaults();
        case at::device_reset:
            stop();
            wire_.restart();
            return set_defaults();
        default:
            return;
    }
}

PixelCode CameraBody::wire_code() const {
    return static_cast<PixelCode>(memory_.value(at::pixel_format));
}

bool CameraBody::with_chunks() const {
    return memory_.value(at::chunk_mode) != 0;
}

std::size_t CameraBody::payload_bytes() const {
    const std::size_t pixels = std::size_t{memory_.value(at::width)} * memory_.value(at::height);
    const std::size_t image = protocol::image_bytes(wire_code(), pixels);
    if (!with_chunks()) return image;
    return image + 8 + (has_chunk(at::select_frame_id) ? 8 + 8 : 0) +
           (has_chunk(at::select_exposure) ? 4 + 8 : 0);
}

bool CameraBody::has_chunk(std::uint32_t selected) const {
    return memory_.value(chunk_enable_of(selected)) != 0;
}

// In whole numbers: with neither gain nor another black level every count stays as it is.
void CameraBody::adjust(hal::Frame& frame) const {
    const std::int64_t gain = memory_.value(at::gain_milli);
    const std::int64_t step = std::int64_t{1} << (frame.bits() - 8);  // DN of this format per DN8
    const std::int64_t sensor_black = step * sensor_black_milli_dn();
    const std::int64_t black = step * memory_.value(at::black_level_milli_dn);
    if (gain == unity_milli && black == sensor_black) return;
    const std::int64_t most = frame.max_count();
    const auto adjusted = [&](std::int64_t count) {
        const std::int64_t milli = (count * 1000 - sensor_black) * gain / unity_milli + black;
        return std::clamp<std::int64_t>((std::max<std::int64_t>(milli, 0) + 500) / 1000, 0, most);
    };
    if (hal::bytes_per_pixel(frame.format) == 1) {
        for (std::uint8_t& count : frame.as_u8())
            count = static_cast<std::uint8_t>(adjusted(count));
    } else {
        for (std::uint16_t& count : frame.as_u16())
            count = static_cast<std::uint16_t>(adjusted(count));
    }
}

void CameraBody::refresh() {
    memory_.set(at::payload_size, static_cast<std::uint32_t>(payload_bytes()));
    memory_.set(at::readout_ns, static_cast<std::uint32_t>(readout().count()));
    const auto lock = table_.lock();
    const std::uint64_t spoilt = table_.faults() != nullptr ? table_.faults()->missed_edges() : 0;
    memory_.set(at::missed_triggers,
                static_cast<std::uint32_t>(sensor_.missed_edges() - missed_before_ + spoilt));
}

hal::CameraSettings CameraBody::settings() const {
    const auto of = [&](std::uint32_t a) { return static_cast<int>(memory_.value(a)); };
    hal::CameraSettings settings;
    settings.region = {of(at::offset_y), of(at::offset_x), of(at::height), of(at::width)};
    settings.format = format_of(memory_.value(at::pixel_format));
    settings.exposure = in_100ns(memory_.value(at::exposure_100ns));
    settings.trigger_delay = in_100ns(memory_.value(at::trigger_delay_100ns));
    const bool line = memory_.value(at::trigger_mode) == 1 &&
                      memory_.value(at::trigger_source) == at::source_line0;
    settings.trigger = line ? hal::TriggerSource::line : hal::TriggerSource::software;
    return settings;
}

Duration CameraBody::readout() const {
    return std::max(from_microseconds(scene_.readout_us_per_row * memory_.value(at::height)),
                    wire_.link_time(payload_bytes()));
}

Duration CameraBody::busy() const {
    const hal::CameraSettings s = settings();
    return s.trigger_delay + s.exposure + readout();
}

void CameraBody::append_chunk(std::vector<std::byte>& data, std::uint32_t id,
                              std::span<const std::byte> value) const {
    std::array<std::byte, 8> tag;
    memory_.store(&tag[0], id);
    memory_.store(&tag[4], static_cast<std::uint32_t>(value.size()));
    data.insert(data.end(), value.begin(), value.end());
    data.insert(data.end(), tag.begin(), tag.end());
}

void CameraBody::write_payload(const hal::Frame& frame, std::vector<std::byte>& payload) const {
    if (const auto packing = protocol::packing_of(wire_code())) {
        payload.resize(protocol::packed_size(*packing, frame.region.pixels()));
        protocol::pack_pixels(*packing, frame.as_u16(), payload);
    } else {
        payload.assign(frame.bytes.begin(), frame.bytes.end());
    }
    if (wire_code() == PixelCode::mono16) {
        const auto counts = frame.as_u16();
        for (std::size_t i = 0; i < counts.size(); ++i) {
            const unsigned wide = static_cast<unsigned>(counts[i]) << mono16_shift;
            payload[2 * i] = static_cast<std::byte>(wide & 0xFFu);
            payload[2 * i + 1] = static_cast<std::byte>(wide >> 8);
        }
    }
    if (!with_chunks()) return;
    std::array<std::byte, 8> value;
    memory_.store(&value[0], at::chunk_image);
    memory_.store(&value[4], static_cast<std::uint32_t>(payload.size()));
    payload.insert(payload.end(), value.begin(), value.end());
    const auto low = static_cast<std::uint32_t>(frame.frame_id);
    const auto high = static_cast<std::uint32_t>(frame.frame_id >> 32);
    const bool high_first = memory_.order() == CameraMemory::Order::big_endian;
    memory_.store(&value[0], high_first ? high : low);
    memory_.store(&value[4], high_first ? low : high);
    if (has_chunk(at::select_frame_id)) append_chunk(payload, at::chunk_frame_id, value);
    if (!has_chunk(at::select_exposure)) return;
    memory_.store(&value[0], memory_.value(at::exposure_100ns));
    append_chunk(payload, at::chunk_exposure_100ns, std::span(value).first(4));
}

}  // namespace opal::sim
