// CameraFeatures: a camera whose only format beyond 8 bits is Mono16, with its bits to the left or
// to the right.
#include "drivers/genapi/camera_features.h"
#include "tests/drivers/genapi_camera.h"

#include <doctest/doctest.h>

#include <chrono>

using namespace opal;
using namespace opal::tests::genapi;
using namespace std::chrono_literals;

namespace {

std::string integer(const char* name, int value, int most) {
    return std::string("<Integer Name=\"") + name + "\"><Value>" + std::to_string(value) +
           "</Value><Min>0</Min><Max>" + std::to_string(most) + "</Max></Integer>";
}

std::string choice(const char* name, const char* first, const char* second) {
    return std::string("<Enumeration Name=\"") + name + "\"><EnumEntry Name=\"" + first +
           "\"><Value>0</Value></EnumEntry><EnumEntry Name=\"" + second +
           "\"><Value>1</Value></EnumEntry><Value>0</Value></Enumeration>";
}

int shift_with(const std::string& more) {
    Camera camera(
        integer("Width", 64, 64) + integer("Height", 48, 48) + integer("WidthMax", 64, 64) +
        integer("HeightMax", 48, 48) + choice("PixelFormat", "Mono8", "Mono16") +
        choice("TriggerMode", "Off", "On") + choice("TriggerSource", "Software", "Line1") +
        "<Float Name=\"ExposureTime\"><Value>10</Value><Min>1</Min><Max>1000</Max></Float>" + more);
    CameraFeatures features(camera.map, {}, "camera test");
    CHECK(features.info().formats ==
          std::vector<hal::PixelFormat>{hal::PixelFormat::mono8, hal::PixelFormat::mono12});
    hal::CameraSettings settings;
    settings.region = {0, 0, 48, 64};
    settings.exposure = 10us;
    settings.trigger = hal::TriggerSource::software;
    features.apply(settings);
    CHECK(features.wire_shift() == 0);
    settings.format = hal::PixelFormat::mono12;
    features.apply(settings);
    CHECK(features.wire_code() == protocol::PixelCode::mono16);
    return features.wire_shift();
}

}  // namespace

TEST_CASE("Mono16: the upper 12 bits, unless the camera says that it counts to 4095") {
    CHECK(shift_with("") == 4);
    CHECK(shift_with(integer("PixelDynamicRangeMax", 65535, 65535)) == 4);
    CHECK(shift_with(integer("PixelDynamicRangeMax", 65520, 65535)) == 4);
    CHECK(shift_with(integer("PixelDynamicRangeMax", 4095, 65535)) == 0);
}
