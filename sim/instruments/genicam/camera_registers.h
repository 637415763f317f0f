// The feature registers of the virtual cameras, in the vendor's part of their memory, the same on
// every wire. The description (camera_description.h) tells clients about them, CameraMemory checks
// what is written, and CameraBody acts on it. All are 32 bits, in the wire's byte order.
#pragma once

#include <cstdint>

namespace opal::sim::camera_register {

inline constexpr std::uint32_t width = 0xA000;
inline constexpr std::uint32_t height = 0xA004;
inline constexpr std::uint32_t offset_x = 0xA008;
inline constexpr std::uint32_t offset_y = 0xA00C;
inline constexpr std::uint32_t pixel_format = 0xA010;
inline constexpr std::uint32_t payload_size = 0xA014;
inline constexpr std::uint32_t sensor_width = 0xA018;
inline constexpr std::uint32_t sensor_height = 0xA01C;
inline constexpr std::uint32_t test_pattern = 0xA020;
inline constexpr std::uint32_t acquisition_mode = 0xA030;
inline constexpr std::uint32_t acquisition_start = 0xA034;
inline constexpr std::uint32_t acquisition_stop = 0xA038;
inline constexpr std::uint32_t acquisition_frames = 0xA03C;
inline constexpr std::uint32_t rate_enable = 0xA040;
inline constexpr std::uint32_t rate_mhz = 0xA044;  // frames per 1000 s
inline constexpr std::uint32_t exposure_100ns = 0xA050;
inline constexpr std::uint32_t trigger_mode = 0xA060;
inline constexpr std::uint32_t trigger_source = 0xA064;
inline constexpr std::uint32_t trigger_activation = 0xA068;
inline constexpr std::uint32_t trigger_software = 0xA06C;
inline constexpr std::uint32_t trigger_delay_100ns = 0xA070;
inline constexpr std::uint32_t missed_triggers = 0xA074;
inline constexpr std::uint32_t missed_reset = 0xA078;
inline constexpr std::uint32_t readout_ns = 0xA080;
inline constexpr std::uint32_t temperature_centi_c = 0xA084;  // signed
inline constexpr std::uint32_t black_level_milli_dn = 0xA088;
inline constexpr std::uint32_t parameters_locked = 0xA090;
inline constexpr std::uint32_t load_defaults = 0xA094;
inline constexpr std::uint32_t device_reset = 0xA098;
inline constexpr std::uint32_t pitch_nm = 0xA09C;
inline constexpr std::uint32_t chunk_mode = 0xA0A0;
inline constexpr std::uint32_t gain_milli = 0xA0A4;  // 1000: as the sensor's converter counts
inline constexpr std::uint32_t chunk_selector = 0xA0A8;
inline constexpr std::uint32_t chunk_enable = 0xA0B0;  // a word for each value of chunk_selector

inline constexpr std::uint32_t event_notification = 0xA0C0;  // of event_frame_trigger_missed

inline constexpr std::uint32_t description_address = 0x100000;

// Values of trigger_source and test_pattern.
inline constexpr std::uint32_t source_software = 0;
inline constexpr std::uint32_t source_line0 = 1;
inline constexpr std::uint32_t pattern_off = 0;
inline constexpr std::uint32_t pattern_ramp = 1;
inline constexpr std::uint32_t pattern_moving_ramp = 2;
// acquisition_mode
inline constexpr std::uint32_t mode_continuous = 0;
inline constexpr std::uint32_t mode_single = 1;
inline constexpr std::uint32_t mode_multi = 2;
inline constexpr std::uint16_t event_frame_trigger_missed = 0x9001;
// chunk_selector
inline constexpr std::uint32_t select_image = 0;
inline constexpr std::uint32_t select_frame_id = 1;
inline constexpr std::uint32_t select_exposure = 2;
// Chunks behind the image when chunk_mode is 1.
inline constexpr std::uint32_t chunk_image = 0xA5A5A5A5;
inline constexpr std::uint32_t chunk_frame_id = 0x1001;        // 8 bytes
inline constexpr std::uint32_t chunk_exposure_100ns = 0x1002;  // 4 bytes

}  // namespace opal::sim::camera_register
