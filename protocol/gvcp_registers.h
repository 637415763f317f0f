// GVCP bootstrap registers: where every GigE Vision device keeps what is needed before its own
// description has been read [GigE Vision 2.2, section 28]. Addresses are bytes; values are 32 bits
// unless a length is given.
#pragma once

#include <cstdint>

namespace opal::protocol::gvcp {

namespace reg {
inline constexpr std::uint32_t version = 0x0000;      // major << 16 | minor
inline constexpr std::uint32_t device_mode = 0x0004;  // bit 31: big-endian
inline constexpr std::uint32_t mac_high = 0x0008;
inline constexpr std::uint32_t mac_low = 0x000C;
inline constexpr std::uint32_t supported_ip_config = 0x0010;
inline constexpr std::uint32_t current_ip_config = 0x0014;
inline constexpr std::uint32_t current_ip = 0x0024;
inline constexpr std::uint32_t subnet_mask = 0x0034;
inline constexpr std::uint32_t gateway = 0x0044;
inline constexpr std::uint32_t manufacturer = 0x0048;       // 32 bytes
inline constexpr std::uint32_t model = 0x0068;              // 32 bytes
inline constexpr std::uint32_t device_version = 0x0088;     // 32 bytes
inline constexpr std::uint32_t manufacturer_info = 0x00A8;  // 48 bytes
inline constexpr std::uint32_t serial = 0x00D8;             // 16 bytes
inline constexpr std::uint32_t user_name = 0x00E8;          // 16 bytes
inline constexpr std::uint32_t first_url = 0x0200;          // 512 bytes
inline constexpr std::uint32_t second_url = 0x0400;         // 512 bytes
inline constexpr std::uint32_t interfaces = 0x0600;
inline constexpr std::uint32_t persistent_ip = 0x064C;
inline constexpr std::uint32_t persistent_mask = 0x065C;
inline constexpr std::uint32_t persistent_gateway = 0x066C;
inline constexpr std::uint32_t link_speed = 0x0670;  // Mbit/s
inline constexpr std::uint32_t message_channels = 0x0900;
inline constexpr std::uint32_t stream_channels = 0x0904;
inline constexpr std::uint32_t action_signals = 0x0908;
inline constexpr std::uint32_t action_device_key = 0x090C;
inline constexpr std::uint32_t active_links = 0x0910;
inline constexpr std::uint32_t stream_capability = 0x092C;
inline constexpr std::uint32_t message_capability = 0x0930;
inline constexpr std::uint32_t control_capability = 0x0934;
inline constexpr std::uint32_t heartbeat_timeout = 0x0938;  // ms
inline constexpr std::uint32_t tick_frequency_high = 0x093C;
inline constexpr std::uint32_t tick_frequency_low = 0x0940;  // Hz; 0: no time stamps
inline constexpr std::uint32_t timestamp_control = 0x0944;
inline constexpr std::uint32_t timestamp_high = 0x0948;
inline constexpr std::uint32_t timestamp_low = 0x094C;
inline constexpr std::uint32_t discovery_delay = 0x0950;  // ms
inline constexpr std::uint32_t control_config = 0x0954;
inline constexpr std::uint32_t pending_timeout = 0x0958;  // ms
inline constexpr std::uint32_t switchover_key = 0x095C;
inline constexpr std::uint32_t stream_config = 0x0960;
inline constexpr std::uint32_t link_capability = 0x0964;
inline constexpr std::uint32_t link_config = 0x0968;
inline constexpr std::uint32_t control_privilege = 0x0A00;  // CCP
inline constexpr std::uint32_t application_port = 0x0A04;
inline constexpr std::uint32_t application_ip = 0x0A14;
inline constexpr std::uint32_t message_port = 0x0B00;         // MCP
inline constexpr std::uint32_t message_destination = 0x0B10;  // MCDA
inline constexpr std::uint32_t message_timeout = 0x0B14;      // ms
inline constexpr std::uint32_t message_retries = 0x0B18;
inline constexpr std::uint32_t message_source_port = 0x0B1C;
inline constexpr std::uint32_t stream_port = 0x0D00;          // SCP; 0: closed
inline constexpr std::uint32_t stream_packet_size = 0x0D04;   // SCPS
inline constexpr std::uint32_t stream_packet_delay = 0x0D08;  // SCPD, ticks
inline constexpr std::uint32_t stream_destination = 0x0D18;   // SCDA
inline constexpr std::uint32_t stream_source_port = 0x0D1C;   // SCSP
inline constexpr std::uint32_t stream_channel_capability = 0x0D20;
inline constexpr std::uint32_t stream_channel_config = 0x0D24;
inline constexpr std::uint32_t next_stream_channel = 0x0040;  // from one channel to the next
inline constexpr std::uint32_t manifest = 0x9000;
inline constexpr std::uint32_t action_group_key = 0x9800;
inline constexpr std::uint32_t action_group_mask = 0x9804;
inline constexpr std::uint32_t next_action = 0x0010;
inline constexpr std::uint32_t vendor_space = 0xA000;
}  // namespace reg

// Lengths of the strings above.
inline constexpr std::uint32_t url_length = 512;

// control_capability
inline constexpr std::uint32_t can_user_name = 1u << 31;
inline constexpr std::uint32_t can_serial = 1u << 30;
inline constexpr std::uint32_t can_disable_heartbeat = 1u << 29;
inline constexpr std::uint32_t can_link_speed = 1u << 28;
inline constexpr std::uint32_t can_tell_application = 1u << 27;
inline constexpr std::uint32_t can_extended_status_1_1 = 1u << 22;
inline constexpr std::uint32_t can_unconditional_action = 1u << 20;
inline constexpr std::uint32_t can_extended_status_2_0 = 1u << 18;
inline constexpr std::uint32_t can_action = 1u << 6;
inline constexpr std::uint32_t can_pending_ack = 1u << 5;
inline constexpr std::uint32_t can_event_data = 1u << 4;
inline constexpr std::uint32_t can_event = 1u << 3;
inline constexpr std::uint32_t can_resend = 1u << 2;
inline constexpr std::uint32_t can_write_memory = 1u << 1;
inline constexpr std::uint32_t can_concatenate = 1u << 0;

// control_config
inline constexpr std::uint32_t heartbeat_off = 0x1;
inline constexpr std::uint32_t pending_ack_on = 0x2;
inline constexpr std::uint32_t extended_status_1_1 = 0x4;
inline constexpr std::uint32_t unconditional_action = 0x8;
inline constexpr std::uint32_t extended_status_2_0 = 0x40000;

// stream_capability, stream_config
inline constexpr std::uint32_t tells_source_port = 1u << 31;
inline constexpr std::uint32_t can_16_bit_ids = 1u << 30;
inline constexpr std::uint32_t use_64_bit_ids = 0x40000000;

// timestamp_control
inline constexpr std::uint32_t timestamp_latch = 0x2;
inline constexpr std::uint32_t timestamp_reset = 0x1;

// control_privilege
inline constexpr std::uint32_t exclusive_access = 0x1;
inline constexpr std::uint32_t control_access = 0x2;
inline constexpr std::uint32_t switchover_enable = 0x4;

// stream_packet_size; the low 16 bits count the whole IP datagram
inline constexpr std::uint32_t fire_test_packet = 1u << 31;
inline constexpr std::uint32_t do_not_fragment = 1u << 30;
inline constexpr std::uint32_t big_endian_pixels = 1u << 29;
inline constexpr std::uint32_t packet_size_mask = 0xFFFF;
inline constexpr std::uint32_t ip_and_udp_bytes = 28;

}  // namespace opal::protocol::gvcp
