// CameraFeatures: what hal::Camera needs of a GenICam camera, by the standard's names and by those
// that older cameras use instead. Knows no wire: GigE Vision and USB3 Vision share it.
#pragma once

#include "drivers/genapi/node_map.h"
#include "hal/camera.h"
#include "protocol/pixel_code.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace opal::drivers::genapi {

struct CameraFeatureOptions {
    std::string trigger_line;  // "Line0"; empty: the first line the camera offers
    // Send 10 and 12 bits packed where the camera can: fewer bytes, more work.
    bool packed = true;
    bool falling_edge = false;  // what the trigger line has to see
    // Written when the camera is opened, in this order, after everything automatic was turned off:
    // name and value, as people write them: "Gain", "6".
    std::vector<std::pair<std::string, std::string>> values;
};

// Calls come from one thread at a time. Faults: as of NodeMap.
class CameraFeatures {
public:
    CameraFeatures(NodeMap& map, CameraFeatureOptions options, std::string device);

    const hal::CameraInfo& info() const { return info_; }
    // Brings the camera into a known state: stopped, nothing automatic, single triggers.
    void prepare();
    // Throws out_of_range, and has changed nothing, if the camera cannot take them. Returns what
    // the camera made of them.
    hal::CameraSettings apply(const hal::CameraSettings& wanted);
    // How the counts of these settings come over the wire.
    protocol::PixelCode wire_code() const { return wire_code_; }
    // Bits by which they are too far to the left there.
    int wire_shift() const { return wire_shift_; }
    std::size_t payload_bytes();

    void start();
    void stop();
    void trigger();
    // Edges dropped since start(), where the camera counts them.
    std::uint64_t missed_triggers();
    hal::Duration dead_time(const hal::CameraSettings& settings);
    double temperature_c();

private:
    void find_out();
    void check(const hal::CameraSettings& wanted) const;
    void check_time(const char* what, hal::Duration wanted, hal::Duration min,
                    hal::Duration max) const;
    void set_region(const hal::Region& region);
    void set_trigger(hal::TriggerSource source);
    void choose_format(hal::PixelFormat format);
    int shift_of(protocol::PixelCode code);
    hal::Duration set_time(std::string_view feature, hal::Duration wanted);
    std::string first_of(std::initializer_list<std::string_view> names);
    bool try_symbol(std::string_view feature, std::string_view symbol);
    [[noreturn]] void fail(hal::ErrorKind kind, const std::string& text) const;

    NodeMap& map_;
    const CameraFeatureOptions options_;
    const std::string device_;
    hal::CameraInfo info_;
    std::string exposure_;  // name of the feature, in microseconds
    std::string delay_;     // empty: the camera has none
    std::string line_;
    protocol::PixelCode wire_code_ = protocol::PixelCode::mono8;
    int wire_shift_ = 0;
};

}  // namespace opal::drivers::genapi
