// The description of the virtual USB3 Vision camera: that of every camera, and its clock.
#include "sim/instruments/u3v/u3v_description.h"

#include "protocol/u3v_registers.h"
#include "sim/instruments/genicam/camera_description.h"

#include <fmt/format.h>

namespace opal::sim {

namespace abrm = protocol::u3v::abrm;

std::string u3v_camera_description(const SensorScene& sensor) {
    DescriptionWriter xml("VirtualU3V", "U3V", CameraMemory::Order::little_endian);
    constexpr unsigned size = abrm::text_size;
    describe_camera(xml, sensor,
                    {{abrm::manufacturer, size},
                     {abrm::model, size},
                     {abrm::device_version, size},
                     {abrm::manufacturer_info, size},
                     {abrm::serial, size},
                     {abrm::user_name, size}});
    describe_payload(xml);
    xml.category("TimestampControl");
    xml.command("TimestampLatch", abrm::timestamp_latch);
    xml.add("IntReg", "TimestampLatchValueReg",
            fmt::format("<Address>{:#x}</Address><Length>8</Length><AccessMode>RO</AccessMode>"
                        "<pPort>Device</pPort><Cachable>NoCache</Cachable>"
                        "<Endianess>LittleEndian</Endianess>",
                        abrm::timestamp));
    xml.own("Integer", "TimestampLatchValue",
            "<pValue>TimestampLatchValueReg</pValue><Unit>ns</Unit>");
    return xml.document();
}

}  // namespace opal::sim
