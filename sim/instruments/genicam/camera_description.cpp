// The description, put together feature by feature.
#include "sim/instruments/genicam/camera_description.h"

#include "protocol/pixel_code.h"
#include "sim/instruments/genicam/camera_registers.h"

#include <fmt/format.h>

#include <algorithm>

namespace opal::sim {
namespace {

namespace at = camera_register;
using protocol::PixelCode;

constexpr const char* locked = locked_while_streaming;

constexpr std::pair<const char*, PixelCode> pixel_names[]{
    {"Mono8", PixelCode::mono8},
    {"Mono10", PixelCode::mono10},
    {"Mono10Packed", PixelCode::mono10_packed},
    {"Mono10p", PixelCode::mono10p},
    {"Mono12", PixelCode::mono12},
    {"Mono12Packed", PixelCode::mono12_packed},
    {"Mono12p", PixelCode::mono12p},
    {"Mono16", PixelCode::mono16},
};

void describe_device(DescriptionWriter& xml, const CameraTexts& texts) {
    xml.category("DeviceControl");
    const auto text = [&](const char* name, CameraTexts::Place place, const char* access) {
        xml.text(name, place.address, place.bytes, access);
    };
    text("DeviceVendorName", texts.manufacturer, "RO");
    text("DeviceModelName", texts.model, "RO");
    text("DeviceVersion", texts.device_version, "RO");
    text("DeviceManufacturerInfo", texts.manufacturer_info, "RO");
    text("DeviceSerialNumber", texts.serial, "RO");
    text("DeviceUserID", texts.user_name, "RW");
    xml.scaled("DeviceTemperature", at::temperature_centi_c, "RO", 100, "C", "", "Signed");
    xml.command("DeviceReset", at::device_reset);
    xml.category("UserSetControl");
    xml.own("Enumeration", "UserSetSelector",
            "<EnumEntry Name=\"Default\"><Value>0</Value></EnumEntry><Value>0</Value>"
            "<pSelected>UserSetLoad</pSelected>");
    xml.command("UserSetLoad", at::load_defaults, 1, locked);
}

void describe_image(DescriptionWriter& xml, const SensorScene& sensor,
                    const std::vector<std::string>& pixel_formats) {
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
    std::vector<std::pair<const char*, std::uint32_t>> offered;
    for (const auto& [name, code] : pixel_names)
        if (pixel_formats.empty() ||
            std::find(pixel_formats.begin(), pixel_formats.end(), name) != pixel_formats.end())
            offered.emplace_back(name, protocol::number_of(code));
    xml.enumeration("PixelFormat", at::pixel_format, "RW", offered, locked);
    xml.enumeration("TestPattern", at::test_pattern, "RW",
                    {{"Off", at::pattern_off},
                     {"GreyHorizontalRamp", at::pattern_ramp},
                     {"GreyHorizontalRampMoving", at::pattern_moving_ramp}},
                    locked);
    xml.category("AnalogControl");
    xml.own("Enumeration", "GainSelector",
            "<EnumEntry Name=\"DigitalAll\"><Value>0</Value></EnumEntry><Value>0</Value>"
            "<pSelected>Gain</pSelected>");
    xml.scaled("Gain", at::gain_milli, "RW", 1000, "", "<Min>1</Min><Max>16</Max>");
    xml.own("Enumeration", "BlackLevelSelector",
            "<EnumEntry Name=\"All\"><Value>0</Value></EnumEntry><Value>0</Value>"
            "<pSelected>BlackLevel</pSelected>");
    xml.scaled(
        "BlackLevel", at::black_level_milli_dn, "RW", 1000, "DN",
        fmt::format("<Min>0</Min><Max>{:.3f}</Max>", std::max(32.0, sensor.black_level_dn8)));
}

void describe_acquisition(DescriptionWriter& xml, const SensorScene& sensor) {
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

void describe_chunks(DescriptionWriter& xml) {
    xml.category("ChunkDataControl");
    xml.boolean("ChunkModeActive", at::chunk_mode, locked);
    xml.enumeration("ChunkSelector", at::chunk_selector, "RW",
                    {{"Image", at::select_image},
                     {"FrameID", at::select_frame_id},
                     {"ExposureTime", at::select_exposure}},
                    "<pSelected>ChunkEnable</pSelected>");
    const std::string enabled = xml.reg("ChunkEnable", at::chunk_enable, "RW",
                                        "<pIndex Offset=\"4\">ChunkSelectorReg</pIndex>");
    // The image is always there.
    xml.add("IntSwissKnife", "ChunkEnableFixed",
            "<pVariable Name=\"S\">ChunkSelectorReg</pVariable>"
            "<pVariable Name=\"L\">TLParamsLocked</pVariable><Formula>(S=0)||(L!=0)</Formula>");
    xml.own("Boolean", "ChunkEnable", "<pIsLocked>ChunkEnableFixed</pIsLocked>" + enabled);
    xml.chunk("ChunkFrameID", at::chunk_frame_id, 8);
    xml.chunk("ChunkExposure", at::chunk_exposure_100ns, 4);
    xml.own("Integer", "ChunkFrameID", "<pValue>ChunkFrameIDReg</pValue>");
    xml.add("SwissKnife", "ChunkExposureValue",
            "<pVariable Name=\"R\">ChunkExposureReg</pVariable><Formula>R/10.0</Formula>");
    xml.own("Float", "ChunkExposureTime", "<pValue>ChunkExposureValue</pValue><Unit>us</Unit>");
}

}  // namespace

void describe_camera(DescriptionWriter& xml, const SensorScene& sensor, const CameraTexts& texts,
                     const std::vector<std::string>& pixel_formats) {
    describe_device(xml, texts);
    describe_image(xml, sensor, pixel_formats);
    describe_acquisition(xml, sensor);
    describe_chunks(xml);
}

void describe_payload(DescriptionWriter& xml) {
    xml.category("TransportLayerControl");
    xml.integer("PayloadSize", at::payload_size, "RO", "<Unit>B</Unit>",
                "<pInvalidator>Width</pInvalidator><pInvalidator>Height</pInvalidator>"
                "<pInvalidator>PixelFormat</pInvalidator>");
    xml.integer("TLParamsLocked", at::parameters_locked, "RW",
                "<Visibility>Invisible</Visibility><Min>0</Min><Max>1</Max>");
}

}  // namespace opal::sim
