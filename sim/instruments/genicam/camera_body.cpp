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
                             PixelCode::mono12p};

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
    fixed(at::black_level_milli_dn,
          static_cast<std::uint32_t>(std::lround(scene_.black_level_dn8 * 1000)));
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
    memory_.add(at::chunk_mode, {0, Access::both, 0, 1});
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
}

bool CameraBody::shapes_frames(std::uint32_t address) {
    return (address >= at::width && address <= at::test_pattern) ||
           address == at::acquisition_mode || address == at::rate_enable ||
           (address >= at::trigger_mode && address <= at::trigger_activation) ||
           address == at::load_defaults || address == at::chunk_mode;
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
    return with_chunks() ? image + 8 + (8 + 8) + (4 + 8) : image;
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
    append_chunk(payload, at::chunk_frame_id, value);
    memory_.store(&value[0], memory_.value(at::exposure_100ns));
    append_chunk(payload, at::chunk_exposure_100ns, std::span(value).first(4));
}

}  // namespace opal::sim
