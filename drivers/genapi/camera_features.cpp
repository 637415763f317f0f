// CameraFeatures: names, orders and units.
#include "drivers/genapi/camera_features.h"

#include "hal/error.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

namespace opal::drivers::genapi {

using hal::Duration;
using hal::ErrorKind;
using protocol::PixelCode;

namespace {

struct Named {
    std::string_view name;
    PixelCode code{};
};

// For each format of hal the names it may have, best first: bits packed by the standard, packed by
// GigE Vision, two bytes each.
constexpr std::array<Named, 1> names_8{{{"Mono8", PixelCode::mono8}}};
constexpr std::array<Named, 3> names_10{{{"Mono10p", PixelCode::mono10p},
                                         {"Mono10Packed", PixelCode::mono10_packed},
                                         {"Mono10", PixelCode::mono10}}};
constexpr std::array<Named, 4> names_12{{{"Mono12p", PixelCode::mono12p},
                                         {"Mono12Packed", PixelCode::mono12_packed},
                                         {"Mono12", PixelCode::mono12},
                                         {"Mono16", PixelCode::mono16}}};

std::span<const Named> names_of(hal::PixelFormat format) {
    switch (format) {
        case hal::PixelFormat::mono8:
            return names_8;
        case hal::PixelFormat::mono10:
            return names_10;
        case hal::PixelFormat::mono12:
            return names_12;
    }
    return {};
}

double in_us(Duration d) {
    return static_cast<double>(d.count()) * 1e-3;
}

Duration from_us(double us) {
    return Duration{std::llround(std::clamp(us, 0.0, 1e15) * 1e3)};
}

}  // namespace

CameraFeatures::CameraFeatures(NodeMap& map, CameraFeatureOptions options, std::string device)
    : map_(map), options_(std::move(options)), device_(std::move(device)) {
    prepare();
    find_out();
}

void CameraFeatures::fail(ErrorKind kind, const std::string& text) const {
    throw hal::DeviceError(kind, device_, "configure", text);
}

std::string CameraFeatures::first_of(std::initializer_list<std::string_view> names) {
    for (const std::string_view name : names)
        if (map_.has(name)) return std::string(name);
    return {};
}

bool CameraFeatures::try_symbol(std::string_view feature, std::string_view symbol) {
    if (!map_.writable(feature) || !map_.offers(feature, symbol)) return false;
    map_.set_symbol(feature, symbol);
    return true;
}

void CameraFeatures::prepare() {
    if (map_.writable("AcquisitionStop")) map_.execute("AcquisitionStop");
    if (map_.writable("TLParamsLocked")) map_.set_integer("TLParamsLocked", 0);
    for (const std::string_view rate :
         {"AcquisitionFrameRateEnable", "AcquisitionFrameRateEnabled"})
        if (map_.writable(rate)) map_.set_boolean(rate, false);
    try_symbol("AcquisitionFrameRateAuto", "Off");
    if (map_.writable("TriggerSelector")) {
        for (const std::string& selector : map_.symbols("TriggerSelector")) {
            map_.set_symbol("TriggerSelector", selector);
            try_symbol("TriggerMode", "Off");
        }
        if (!try_symbol("TriggerSelector", "FrameStart"))
            try_symbol("TriggerSelector", "ExposureStart");
    }
    try_symbol("ExposureAuto", "Off");
    try_symbol("GainAuto", "Off");
    try_symbol("TestPattern", "Off");
    if (map_.writable("ChunkModeActive")) map_.set_boolean("ChunkModeActive", false);
    try_symbol("AcquisitionMode", "Continuous");
    try_symbol("ExposureMode", "Timed");
    for (const auto& [name, value] : options_.values) map_.set_value_text(name, value);
}

void CameraFeatures::find_out() {
    info_.model = map_.readable("DeviceModelName") ? map_.value_text("DeviceModelName")
                                                   : std::string(map_.description().model_name());
    const std::string serial = first_of({"DeviceSerialNumber", "DeviceID"});
    if (!serial.empty() && map_.readable(serial)) info_.serial = map_.value_text(serial);

    // The region's limits show when it begins in the corner.
    for (const std::string_view offset : {"OffsetX", "OffsetY"})
        if (map_.writable(offset)) map_.set_integer(offset, map_.integer_limits(offset).min);
    const auto size = [&](std::initializer_list<std::string_view> names, std::string_view edge) {
        const std::string name = first_of(names);
        return static_cast<int>(!name.empty() ? map_.integer(name) : map_.integer_limits(edge).max);
    };
    info_.sensor_columns = size({"SensorWidth", "WidthMax"}, "Width");
    info_.sensor_rows = size({"SensorHeight", "HeightMax"}, "Height");
    std::int64_t step = 1;
    for (const std::string_view edge : {"Width", "Height", "OffsetX", "OffsetY"})
        if (map_.has(edge)) step = std::lcm(step, map_.integer_limits(edge).inc);
    info_.region_step_px = static_cast<int>(std::clamp<std::int64_t>(step, 1, 4096));
    if (map_.has("SensorPixelWidth")) info_.pitch_um = map_.number("SensorPixelWidth");
    for (const auto format :
         {hal::PixelFormat::mono8, hal::PixelFormat::mono10, hal::PixelFormat::mono12})
        for (const Named& named : names_of(format))
            if (map_.offers("PixelFormat", named.name)) {
                info_.formats.push_back(format);
                break;
            }
    exposure_ = first_of({"ExposureTime", "ExposureTimeAbs", "ExposureTimeRaw"});
    if (exposure_.empty())
        fail(ErrorKind::unsupported, "the camera has no exposure time that can be set");
    const NumberLimits exposure = map_.number_limits(exposure_);
    // Inwards, so that the limits it names are ones it takes.
    info_.min_exposure = Duration{static_cast<std::int64_t>(std::ceil(exposure.min * 1e3 - 1e-6))};
    info_.max_exposure =
        Duration{static_cast<std::int64_t>(std::floor(std::min(exposure.max, 1e12) * 1e3 + 1e-6))};
    delay_ = first_of({"TriggerDelay", "TriggerDelayAbs"});
    if (!delay_.empty()) info_.max_trigger_delay = from_us(map_.number_limits(delay_).max);
    line_ = options_.trigger_line;
    if (line_.empty() && map_.has("TriggerSource"))
        for (const std::string& source : map_.symbols("TriggerSource"))
            if (line_.empty() && source.starts_with("Line")) line_ = source;
}

void CameraFeatures::check_time(const char* what, Duration wanted, Duration min,
                                Duration max) const {
    if (wanted >= min && wanted <= max) return;
    fail(ErrorKind::out_of_range, fmt::format("{} {} us asked; {} to {} us is possible", what,
                                              in_us(wanted), in_us(min), in_us(max)));
}

void CameraFeatures::check(const hal::CameraSettings& wanted) const {
    const hal::Region& r = wanted.region;
    const int step = info_.region_step_px;
    // Written without sums that could overflow.
    if (r.rows < 1 || r.columns < 1 || r.row < 0 || r.column < 0 || r.rows > info_.sensor_rows ||
        r.columns > info_.sensor_columns || r.row > info_.sensor_rows - r.rows ||
        r.column > info_.sensor_columns - r.columns || r.rows % step != 0 ||
        r.columns % step != 0 || r.row % step != 0 || r.column % step != 0)
        fail(ErrorKind::out_of_range,
             fmt::format("region of {} x {} at ({}, {}) (rows x columns) asked; it must lie within "
                         "{} x {} with edges at multiples of {}",
                         r.rows, r.columns, r.row, r.column, info_.sensor_rows,
                         info_.sensor_columns, step));
    if (std::find(info_.formats.begin(), info_.formats.end(), wanted.format) == info_.formats.end())
        fail(ErrorKind::out_of_range,
             fmt::format("{} bits asked; the camera does not offer them", bits_of(wanted.format)));
    check_time("exposure", wanted.exposure, info_.min_exposure, info_.max_exposure);
    check_time("trigger delay", wanted.trigger_delay, Duration{0}, info_.max_trigger_delay);
    if (wanted.trigger == hal::TriggerSource::line && line_.empty())
        fail(ErrorKind::unsupported, "the camera offers no trigger line");
}

void CameraFeatures::set_region(const hal::Region& region) {
    // Sizes are limited by offsets and the other way round: to the corner first.
    for (const std::string_view offset : {"OffsetX", "OffsetY"})
        if (map_.writable(offset)) map_.set_integer(offset, map_.integer_limits(offset).min);
    map_.set_integer("Width", region.columns);
    map_.set_integer("Height", region.rows);
    if (map_.writable("OffsetX")) map_.set_integer("OffsetX", region.column);
    if (map_.writable("OffsetY")) map_.set_integer("OffsetY", region.row);
}

void CameraFeatures::choose_format(hal::PixelFormat format) {
    std::vector<Named> names(names_of(format).begin(), names_of(format).end());
    // Without packing: two bytes each, if they hold as many bits as asked for.
    if (!options_.packed)
        std::stable_partition(names.begin(), names.end(), [](const Named& named) {
            return !protocol::packing_of(named.code) && named.code != PixelCode::mono16;
        });
    for (const Named& named : names) {
        if (!map_.offers("PixelFormat", named.name)) continue;
        map_.set_symbol("PixelFormat", named.name);
        wire_code_ = named.code;
        wire_shift_ = shift_of(named.code);
        return;
    }
}

// Of 16 bits the 12 most significant ones are delivered, wherever the camera has them.
int CameraFeatures::shift_of(PixelCode code) {
    if (code != PixelCode::mono16) return 0;
    const bool right_aligned =
        map_.readable("PixelDynamicRangeMax") && map_.integer("PixelDynamicRangeMax") < 1 << 12;
    return right_aligned ? 0 : 4;
}

Duration CameraFeatures::set_time(std::string_view feature, Duration wanted) {
    map_.set_number(feature, in_us(wanted));
    return from_us(map_.number(feature));
}

// Some cameras offer the source only while the mode is on, others lock it then.
void CameraFeatures::set_trigger(hal::TriggerSource source) {
    const std::string symbol = source == hal::TriggerSource::line ? line_ : "Software";
    if (!map_.has("TriggerMode"))
        fail(ErrorKind::unsupported, "the camera has no trigger that can be set");
    const bool before = try_symbol("TriggerSource", symbol);
    map_.set_symbol("TriggerMode", "On");
    if (!before) map_.set_symbol("TriggerSource", symbol);
    if (source != hal::TriggerSource::line) return;
    const std::string edge = options_.falling_edge ? "FallingEdge" : "RisingEdge";
    if (!try_symbol("TriggerActivation", edge) && options_.falling_edge)
        fail(ErrorKind::unsupported, "the camera cannot be triggered by falling edges");
}

hal::CameraSettings CameraFeatures::apply(const hal::CameraSettings& wanted) {
    check(wanted);
    hal::CameraSettings real = wanted;
    set_region(wanted.region);
    choose_format(wanted.format);
    set_trigger(wanted.trigger);
    real.exposure = set_time(exposure_, wanted.exposure);
    if (!delay_.empty()) real.trigger_delay = set_time(delay_, wanted.trigger_delay);
    return real;
}

std::size_t CameraFeatures::payload_bytes() {
    const std::int64_t bytes = map_.integer("PayloadSize");
    if (bytes < 1 || bytes > (std::int64_t{1} << 32))
        fail(ErrorKind::corrupt, fmt::format("the camera says a frame has {} bytes", bytes));
    return static_cast<std::size_t>(bytes);
}

void CameraFeatures::start() {
    if (map_.writable("CounterReset")) map_.execute("CounterReset");
    if (map_.writable("TLParamsLocked")) map_.set_integer("TLParamsLocked", 1);
    map_.execute("AcquisitionStart");
}

void CameraFeatures::stop() {
    map_.execute("AcquisitionStop");
    if (map_.writable("TLParamsLocked")) map_.set_integer("TLParamsLocked", 0);
}

void CameraFeatures::trigger() {
    map_.execute("TriggerSoftware");
}

std::uint64_t CameraFeatures::missed_triggers() {
    if (!map_.has("CounterEventSource") || !map_.readable("CounterValue")) return 0;
    if (map_.symbol("CounterEventSource").find("TriggerMissed") == std::string::npos) return 0;
    return static_cast<std::uint64_t>(std::max<std::int64_t>(0, map_.integer("CounterValue")));
}

Duration CameraFeatures::dead_time(const hal::CameraSettings& settings) {
    const std::string readout = first_of({"SensorReadoutTime", "ReadoutTime", "ReadoutTimeAbs"});
    if (!readout.empty()) return from_us(map_.number(readout));
    const std::string rate = first_of({"AcquisitionFrameRate", "AcquisitionFrameRateAbs"});
    if (rate.empty()) return Duration{0};
    const double most_hz = map_.number_limits(rate).max;
    const double period_us = most_hz > 0 && most_hz < 1e9 ? 1e6 / most_hz : 0;
    return from_us(period_us - in_us(settings.exposure + settings.trigger_delay));
}

double CameraFeatures::temperature_c() {
    return map_.readable("DeviceTemperature") ? map_.number("DeviceTemperature") : 0;
}

}  // namespace opal::drivers::genapi
