// The description, put together feature by feature.
#include "sim/instruments/gige/camera_description.h"

#include "protocol/gvcp_registers.h"
#include "protocol/pixel_code.h"
#include "sim/instruments/gige/camera_registers.h"

#include <fmt/format.h>

#include <utility>
#include <vector>

namespace opal::sim {
namespace {

namespace reg = protocol::gvcp::reg;
namespace at = gige_camera;
using protocol::PixelCode;

class Writer {
public:
    void category(std::string name) { categories_.emplace_back(std::move(name), ""); }
    void own(std::string_view element, std::string_view name, const std::string& body) {
        list(name);
        add(element, name, body);
    }
    // Behind a feature, not in a category.
    void add(std::string_view element, std::string_view name, const std::string& body) {
        nodes_ += fmt::format("<{0} Name=\"{1}\" NameSpace=\"Standard\">{2}</{0}>\n", element, name,
                              body);
    }
    std::string reg(std::string_view name, std::uint32_t address, const char* access,
                    const std::string& more = {}) {
        const std::string node = fmt::format("{}Reg", name);
        add("IntReg", node,
            fmt::format("<Address>{:#x}</Address><Length>4</Length><AccessMode>{}</AccessMode>"
                        "<pPort>Device</pPort>{}<Endianess>BigEndian</Endianess>",
                        address, access, more));
        return fmt::format("<pValue>{}</pValue>", node);
    }
    void integer(std::string_view name, std::uint32_t address, const char* access,
                 const std::string& more, const std::string& more_of_register = {}) {
        const std::string value = reg(name, address, access, more_of_register);
        own("Integer", name, head(name) + more + value);
    }
    void boolean(std::string_view name, std::uint32_t address, const std::string& more = {}) {
        const std::string value = reg(name, address, "RW");
        own("Boolean", name, head(name) + more + value);
    }
    void command(std::string_view name, std::uint32_t address, unsigned number = 1,
                 const std::string& more = {}) {
        const std::string value = reg(name, address, "WO");
        own("Command", name,
            head(name) + more + value + fmt::format("<CommandValue>{}</CommandValue>", number));
    }
    void enumeration(std::string_view name, std::uint32_t address, const char* access,
                     const std::vector<std::pair<const char*, std::uint32_t>>& entries,
                     const std::string& more = {}) {
        const std::string value = reg(name, address, access);
        std::string body = head(name) + more;
        for (const auto& [entry, number] : entries)
            body += fmt::format(
                "<EnumEntry Name=\"{}\" NameSpace=\"Standard\"><Value>{:#x}</Value>"
                "</EnumEntry>",
                entry, number);
        own("Enumeration", name, body + value);
    }
    // A double of `scale` register steps per unit.
    void scaled(std::string_view name, std::uint32_t address, const char* access, double scale,
                const char* unit, const std::string& more, const char* sign = "Unsigned") {
        reg(name, address, access,
            fmt::format("<Cachable>WriteAround</Cachable><Sign>{}</Sign>", sign));
        add("Converter", fmt::format("{}Value", name),
            fmt::format("<FormulaTo>ROUND(FROM*{0})</FormulaTo><FormulaFrom>TO/{0}</FormulaFrom>"
                        "<pValue>{1}Reg</pValue><Slope>Increasing</Slope>",
                        fmt::format("{:.1f}", scale), name));
        own("Float", name,
            head(name) + more + fmt::format("<pValue>{}Value</pValue><Unit>{}</Unit>", name, unit));
    }
    void text(std::string_view name, std::uint32_t address, unsigned length, const char* access) {
        list(name);
        add("StringReg", name,
            head(name) + fmt::format("<Address>{:#x}</Address><Length>{}</Length>"
                                     "<AccessMode>{}</AccessMode><pPort>Device</pPort>",
                                     address, length, access));
    }
    std::string document() const {
        std::string root;
        std::string groups;
        for (const auto& [name, features] : categories_) {
            root += fmt::format("<pFeature>{}</pFeature>", name);
            groups += fmt::format("<Category Name=\"{0}\" NameSpace=\"Standard\">{1}</Category>\n",
                                  name, features);
        }
        return fmt::format(
            "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n"
            "<RegisterDescription ModelName=\"VirtualGigE\" VendorName=\"OPAL\" "
            "StandardNameSpace=\"GEV\" SchemaMajorVersion=\"1\" SchemaMinorVersion=\"1\" "
            "SchemaSubMinorVersion=\"0\" MajorVersion=\"1\" MinorVersion=\"0\" "
            "SubMinorVersion=\"0\" ToolTip=\"A camera that does not exist\" "
            "ProductGuid=\"4f50414c-0000-4000-8000-000000000001\" "
            "VersionGuid=\"4f50414c-0000-4000-8000-000000000002\" "
            "xmlns=\"http://www.genicam.org/GenApi/Version_1_1\">\n"
            "<Category Name=\"Root\" NameSpace=\"Standard\">{}</Category>\n{}{}"
            "<Port Name=\"Device\" NameSpace=\"Standard\"/>\n</RegisterDescription>\n",
            root, groups, nodes_);
    }

private:
    static std::string head(std::string_view) { return "<Visibility>Beginner</Visibility>"; }
    void list(std::string_view name) {
        categories_.back().second += fmt::format("<pFeature>{}</pFeature>", name);
    }

    std::vector<std::pair<std::string, std::string>> categories_;
    std::string nodes_;
};

constexpr const char* locked = "<pIsLocked>TLParamsLocked</pIsLocked>";
constexpr const char* hexadecimal = "<Representation>HexNumber</Representation>";

void describe_device(Writer& xml) {
    xml.category("DeviceControl");
    xml.text("DeviceVendorName", reg::manufacturer, 32, "RO");
    xml.text("DeviceModelName", reg::model, 32, "RO");
    xml.text("DeviceVersion", reg::device_version, 32, "RO");
    xml.text("DeviceManufacturerInfo", reg::manufacturer_info, 48, "RO");
    xml.text("DeviceSerialNumber", reg::serial, 16, "RO");
    xml.text("DeviceUserID", reg::user_name, 16, "RW");
    xml.scaled("DeviceTemperature", at::temperature_centi_c, "RO", 100, "C", "", "Signed");
    xml.command("DeviceReset", at::device_reset);
    xml.category("UserSetControl");
    xml.own("Enumeration", "UserSetSelector",
            "<EnumEntry Name=\"Default\"><Value>0</Value></EnumEntry><Value>0</Value>"
            "<pSelected>UserSetLoad</pSelected>");
    xml.command("UserSetLoad", at::load_defaults, 1, locked);
}

void describe_image(Writer& xml, const SensorScene& sensor) {
    xml.category("ImageFormatControl");
    xml.integer("SensorWidth", at::sensor_width, "RO", "");
    xml.integer("SensorHeight", at::sensor_height, "RO", "");
    xml.scaled("SensorPixelWidth", at::pitch_nm, "RO", 1000, "um", "");
    xml.own("IntSwissKnife", "WidthMax",
            "<pVariable Name=\"S\">SensorWidth</pVariable><pVariable Name=\"O\">OffsetX"
            "</pVariable><Formula>S-O</Formula>");
    xml.own("IntSwissKnife", "HeightMax",
            "<pVariable Name=\"S\">SensorHeight</pVariable><pVariable Name=\"O\">OffsetY"
            "</pVariable><Formula>S-O</Formula>");
    const auto edge = [&](const char* name, std::uint32_t address, const char* max) {
        xml.integer(name, address, "RW",
                    fmt::format("{}<Min>{}</Min><pMax>{}</pMax><Inc>1</Inc><Unit>px</Unit>", locked,
                                name[0] == 'O' ? 0 : 1, max),
                    "<pInvalidator>Width</pInvalidator>");
    };
    edge("Width", at::width, "WidthMax");
    edge("Height", at::height, "HeightMax");
    xml.add("IntSwissKnife", "OffsetXMax",
            "<pVariable Name=\"S\">SensorWidth</pVariable><pVariable Name=\"W\">Width"
            "</pVariable><Formula>S-W</Formula>");
    xml.add("IntSwissKnife", "OffsetYMax",
            "<pVariable Name=\"S\">SensorHeight</pVariable><pVariable Name=\"H\">Height"
            "</pVariable><Formula>S-H</Formula>");
    edge("OffsetX", at::offset_x, "OffsetXMax");
    edge("OffsetY", at::offset_y, "OffsetYMax");
    const auto code = [](PixelCode c) { return protocol::number_of(c); };
    xml.enumeration("PixelFormat", at::pixel_format, "RW",
                    {{"Mono8", code(PixelCode::mono8)},
                     {"Mono10", code(PixelCode::mono10)},
                     {"Mono10Packed", code(PixelCode::mono10_packed)},
                     {"Mono10p", code(PixelCode::mono10p)},
                     {"Mono12", code(PixelCode::mono12)},
                     {"Mono12Packed", code(PixelCode::mono12_packed)},
                     {"Mono12p", code(PixelCode::mono12p)}},
                    locked);
    xml.enumeration("TestPattern", at::test_pattern, "RW",
                    {{"Off", at::pattern_off},
                     {"GreyHorizontalRamp", at::pattern_ramp},
                     {"GreyHorizontalRampMoving", at::pattern_moving_ramp}},
                    locked);
    xml.scaled("BlackLevel", at::black_level_milli_dn, "RO", 1000, "DN", "");
    xml.own("Float", "Gain", "<Value>0</Value><Min>0</Min><Max>0</Max><Unit>dB</Unit>");
    static_cast<void>(sensor);
}

void describe_acquisition(Writer& xml, const SensorScene& sensor) {
    xml.category("AcquisitionControl");
    xml.enumeration("AcquisitionMode", at::acquisition_mode, "RW",
                    {{"Continuous", at::mode_continuous},
                     {"SingleFrame", at::mode_single},
                     {"MultiFrame", at::mode_multi}},
                    locked);
    xml.command("AcquisitionStart", at::acquisition_start);
    xml.command("AcquisitionStop", at::acquisition_stop);
    xml.integer("AcquisitionFrameCount", at::acquisition_frames, "RW", "<Min>1</Min>");
    xml.boolean("AcquisitionFrameRateEnable", at::rate_enable, locked);
    xml.add("SwissKnife", "RateMax",
            "<pVariable Name=\"E\">ExposureTimeReg</pVariable><pVariable Name=\"D\">"
            "TriggerDelayReg</pVariable><pVariable Name=\"R\">SensorReadoutTimeReg</pVariable>"
            "<Formula>FLOOR(1e12/((E+D)*100+R))/1000</Formula>");
    xml.scaled("AcquisitionFrameRate", at::rate_mhz, "RW", 1000, "Hz",
               "<Min>0.001</Min><pMax>RateMax</pMax>");
    xml.own("Enumeration", "ExposureMode",
            "<EnumEntry Name=\"Timed\"><Value>1</Value></EnumEntry><Value>1</Value>"
            "<ImposedAccessMode>RO</ImposedAccessMode>");
    xml.scaled("ExposureTime", at::exposure_100ns, "RW", 10, "us",
               fmt::format("<Min>{:.1f}</Min><Max>10000000</Max>",
                           std::max(0.1, static_cast<double>(static_cast<int>(
                                             sensor.min_exposure_us * 10 + 0.999999)) /
                                             10)));
    xml.scaled("SensorReadoutTime", at::readout_ns, "RO", 1000, "us", "");
    xml.own("Enumeration", "TriggerSelector",
            "<EnumEntry Name=\"FrameStart\"><Value>0</Value></EnumEntry><Value>0</Value>"
            "<pSelected>TriggerMode</pSelected><pSelected>TriggerSource</pSelected>"
            "<pSelected>TriggerActivation</pSelected><pSelected>TriggerDelay</pSelected>"
            "<pSelected>TriggerSoftware</pSelected>");
    xml.enumeration("TriggerMode", at::trigger_mode, "RW", {{"Off", 0}, {"On", 1}}, locked);
    xml.enumeration("TriggerSource", at::trigger_source, "RW",
                    {{"Software", at::source_software}, {"Line0", at::source_line0}}, locked);
    xml.enumeration("TriggerActivation", at::trigger_activation, "RW", {{"RisingEdge", 0}}, locked);
    xml.command("TriggerSoftware", at::trigger_software, 1,
                "<pIsAvailable>TriggerMode</pIsAvailable>");
    xml.scaled("TriggerDelay", at::trigger_delay_100ns, "RW", 10, "us",
               "<Min>0</Min><Max>1000000</Max>");
    xml.category("CounterAndTimerControl");
    xml.own("Enumeration", "CounterSelector",
            "<EnumEntry Name=\"Counter0\"><Value>0</Value></EnumEntry><Value>0</Value>"
            "<pSelected>CounterEventSource</pSelected><pSelected>CounterReset</pSelected>"
            "<pSelected>CounterValue</pSelected>");
    xml.own("Enumeration", "CounterEventSource",
            "<EnumEntry Name=\"FrameTriggerMissed\"><Value>1</Value></EnumEntry><Value>1</Value>"
            "<ImposedAccessMode>RO</ImposedAccessMode>");
    xml.integer("CounterValue", at::missed_triggers, "RO", "", "<Cachable>NoCache</Cachable>");
    xml.command("CounterReset", at::missed_reset);
}

void describe_chunks(Writer& xml) {
    xml.category("ChunkDataControl");
    xml.boolean("ChunkModeActive", at::chunk_mode, locked);
    xml.add("Port", "FrameIdPort", fmt::format("<ChunkID>{:x}</ChunkID>", at::chunk_frame_id));
    xml.add("Port", "ExposurePort",
            fmt::format("<ChunkID>{:x}</ChunkID>", at::chunk_exposure_100ns));
    xml.add("IntReg", "ChunkFrameIDReg",
            "<Address>0</Address><Length>8</Length><AccessMode>RO</AccessMode>"
            "<pPort>FrameIdPort</pPort><Cachable>NoCache</Cachable>"
            "<Endianess>BigEndian</Endianess>");
    xml.own("Integer", "ChunkFrameID", "<pValue>ChunkFrameIDReg</pValue>");
    xml.add("IntReg", "ChunkExposureReg",
            "<Address>0</Address><Length>4</Length><AccessMode>RO</AccessMode>"
            "<pPort>ExposurePort</pPort><Cachable>NoCache</Cachable>"
            "<Endianess>BigEndian</Endianess>");
    xml.add("SwissKnife", "ChunkExposureValue",
            "<pVariable Name=\"R\">ChunkExposureReg</pVariable><Formula>R/10.0</Formula>");
    xml.own("Float", "ChunkExposureTime", "<pValue>ChunkExposureValue</pValue><Unit>us</Unit>");
}

void describe_transport(Writer& xml) {
    xml.category("TransportLayerControl");
    xml.integer("PayloadSize", at::payload_size, "RO", "<Unit>B</Unit>",
                "<pInvalidator>Width</pInvalidator><pInvalidator>Height</pInvalidator>"
                "<pInvalidator>PixelFormat</pInvalidator>");
    xml.integer("TLParamsLocked", at::parameters_locked, "RW",
                "<Visibility>Invisible</Visibility><Min>0</Min><Max>1</Max>");
    const auto bits = [&](const char* name, std::uint32_t address, int msb, int lsb,
                          const char* access) {
        xml.add("MaskedIntReg", fmt::format("{}Reg", name),
                fmt::format("<Address>{:#x}</Address><Length>4</Length><AccessMode>{}"
                            "</AccessMode><pPort>Device</pPort><LSB>{}</LSB><MSB>{}</MSB>"
                            "<Endianess>BigEndian</Endianess>",
                            address, access, lsb, msb));
        return fmt::format("<pValue>{}Reg</pValue>", name);
    };
    std::string value = bits("GevSCPSPacketSize", reg::stream_packet_size, 16, 31, "RW");
    xml.own("Integer", "GevSCPSPacketSize",
            fmt::format("{}{}<Min>{}</Min><Max>{}</Max><Inc>4</Inc><Unit>B</Unit>", locked, value,
                        at::smallest_packet, at::largest_packet));
    value = bits("GevSCPSDoNotFragment", reg::stream_packet_size, 1, 1, "RW");
    xml.own("Boolean", "GevSCPSDoNotFragment", value);
    value = bits("GevSCPSFireTestPacket", reg::stream_packet_size, 0, 0, "RW");
    xml.own("Boolean", "GevSCPSFireTestPacket", value);
    xml.integer("GevSCPD", reg::stream_packet_delay, "RW", "<Unit>ns</Unit>");
    xml.integer("GevSCDA", reg::stream_destination, "RW",
                "<Representation>IPV4Address</Representation>");
    xml.integer("GevHeartbeatTimeout", reg::heartbeat_timeout, "RW",
                "<Min>500</Min><Max>600000</Max><Unit>ms</Unit>");
    xml.integer("GevCurrentIPAddress", reg::current_ip, "RO",
                "<Representation>IPV4Address</Representation>");
    xml.integer("GevCCP", reg::control_privilege, "RW", hexadecimal);
    value = bits("GevGVSPExtendedIDMode", reg::stream_config, 1, 1, "RW");
    xml.own("Boolean", "GevGVSPExtendedIDMode", locked + value);
    xml.integer("GevTimestampTickFrequencyHigh", reg::tick_frequency_high, "RO", "");
    xml.integer("GevTimestampTickFrequencyLow", reg::tick_frequency_low, "RO", "<Unit>Hz</Unit>");
    xml.command("GevTimestampControlLatch", reg::timestamp_control,
                protocol::gvcp::timestamp_latch);
}

}  // namespace

std::string gige_camera_description(const SensorScene& sensor) {
    Writer xml;
    describe_device(xml);
    describe_image(xml, sensor);
    describe_acquisition(xml, sensor);
    describe_chunks(xml);
    describe_transport(xml);
    return xml.document();
}

}  // namespace opal::sim
