// The description of the virtual GigE Vision camera: that of every camera, and its network.
#include "sim/instruments/gige/gige_description.h"

#include "protocol/gvcp_registers.h"
#include "sim/instruments/genicam/camera_description.h"
#include "sim/instruments/genicam/camera_registers.h"
#include "sim/instruments/gige/gige_stream.h"

#include <fmt/format.h>

namespace opal::sim {
namespace {

namespace reg = protocol::gvcp::reg;

constexpr const char* locked = locked_while_streaming;
constexpr const char* hexadecimal = "<Representation>HexNumber</Representation>";

void describe_transport(DescriptionWriter& xml) {
    std::string value = xml.bits("GevSCPSPacketSize", reg::stream_packet_size, 16, 31, "RW");
    xml.own("Integer", "GevSCPSPacketSize",
            fmt::format("{}{}<Min>{}</Min><Max>{}</Max><Inc>4</Inc><Unit>B</Unit>", locked, value,
                        GigeStream::smallest_packet, GigeStream::largest_packet));
    value = xml.bits("GevSCPSDoNotFragment", reg::stream_packet_size, 1, 1, "RW");
    xml.own("Boolean", "GevSCPSDoNotFragment", value);
    value = xml.bits("GevSCPSFireTestPacket", reg::stream_packet_size, 0, 0, "RW");
    xml.own("Boolean", "GevSCPSFireTestPacket", value);
    xml.integer("GevSCPD", reg::stream_packet_delay, "RW", "<Unit>ns</Unit>");
    xml.integer("GevSCDA", reg::stream_destination, "RW",
                "<Representation>IPV4Address</Representation>");
    xml.integer("GevHeartbeatTimeout", reg::heartbeat_timeout, "RW",
                "<Min>500</Min><Max>600000</Max><Unit>ms</Unit>");
    xml.integer("GevCurrentIPAddress", reg::current_ip, "RO",
                "<Representation>IPV4Address</Representation>");
    xml.integer("GevCCP", reg::control_privilege, "RW", hexadecimal);
    value = xml.bits("GevGVSPExtendedIDMode", reg::stream_config, 1, 1, "RW");
    xml.own("Boolean", "GevGVSPExtendedIDMode", locked + value);
    xml.integer("GevTimestampTickFrequencyHigh", reg::tick_frequency_high, "RO", "");
    xml.integer("GevTimestampTickFrequencyLow", reg::tick_frequency_low, "RO", "<Unit>Hz</Unit>");
    xml.command("GevTimestampControlLatch", reg::timestamp_control,
                protocol::gvcp::timestamp_latch);
}

void describe_events(DescriptionWriter& xml) {
    namespace at = camera_register;
    xml.category("EventControl");
    xml.own("Enumeration", "EventSelector",
            "<EnumEntry Name=\"FrameTriggerMissed\"><Value>0</Value></EnumEntry><Value>0</Value>"
            "<pSelected>EventNotification</pSelected>");
    xml.enumeration("EventNotification", at::event_notification, "RW", {{"Off", 0}, {"On", 1}});
    xml.own("Integer", "EventFrameTriggerMissed",
            fmt::format("<ImposedAccessMode>RO</ImposedAccessMode><Value>{}</Value>",
                        at::event_frame_trigger_missed));
}

}  // namespace

std::string gige_camera_description(const SensorScene& sensor,
                                    const std::vector<std::string>& pixel_formats) {
    DescriptionWriter xml("VirtualGigE", "GEV", CameraMemory::Order::big_endian);
    describe_camera(xml, sensor,
                    {{reg::manufacturer, 32},
                     {reg::model, 32},
                     {reg::device_version, 32},
                     {reg::manufacturer_info, 48},
                     {reg::serial, 16},
                     {reg::user_name, 16}},
                    pixel_formats);
    describe_payload(xml);
    describe_transport(xml);
    describe_events(xml);
    return xml.document();
}

}  // namespace opal::sim
