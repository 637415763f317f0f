// NodeMap: the features of a camera, by name: read, written, executed, with the reason when the
// camera does not allow it. Stands between a driver (or a person) and the camera's registers; the
// description says how.
#pragma once

#include "drivers/genapi/evaluator.h"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace opal::drivers::genapi {

// For users:
//   - Names are those of the description: Width, ExposureTime, TriggerMode.
//   - Values are checked before anything is sent: access, availability, locks, limits, steps. What
//     is refused throws hal::DeviceError and changes nothing: unsupported (no such feature),
//     wrong_state (locked or not available now), refused (read-only), out_of_range, corrupt (the
//     description or the camera's answer makes no sense). Faults of the port pass through.
//   - A value read is never older than the last write through this object, nor than the description
//     allows.
//   - Calls come from one thread at a time. A selector and what it selects are two calls: keep
//     other threads out in between.
class NodeMap {
public:
    // All outlive the map. `device`: for messages, "camera gige://192.168.1.5".
    NodeMap(const Description& description, Port& port, const hal::Clock& clock,
            std::string device);

    const Description& description() const { return description_; }
    // There is such a node and it is implemented.
    bool has(std::string_view name);
    Access access(std::string_view name);
    // Why a feature is not read_write now; empty if it is.
    std::string restriction(std::string_view name);
    bool writable(std::string_view name) { return has(name) && is_writable(access(name)); }
    bool readable(std::string_view name) { return has(name) && is_readable(access(name)); }

    std::int64_t integer(std::string_view name);
    void set_integer(std::string_view name, std::int64_t value);
    IntegerLimits integer_limits(std::string_view name);
    double number(std::string_view name);
    // What the camera makes of it may differ: read it back.
    void set_number(std::string_view name, double value);
    NumberLimits number_limits(std::string_view name);
    bool boolean(std::string_view name);
    void set_boolean(std::string_view name, bool value);
    // Enumerations by the names of their entries.
    std::string symbol(std::string_view name);
    void set_symbol(std::string_view name, std::string_view symbol);
    std::vector<std::string> symbols(std::string_view name);  // that can be chosen now
    bool offers(std::string_view name, std::string_view symbol);
    std::string text(std::string_view name);
    void set_text(std::string_view name, std::string_view value);
    std::vector<std::byte> bytes(std::string_view name);
    void set_bytes(std::string_view name, std::span<const std::byte> value);
    void execute(std::string_view name);
    bool done(std::string_view name);  // the command has finished

    // Any feature as people write it: 640, 12.5, Mono8, true, 0x1F. Registers are hexadecimal.
    std::string value_text(std::string_view name);
    void set_value_text(std::string_view name, std::string_view value);

    // Chunks and events: data that came, for the features inside. Kept until detach().
    void attach(std::uint64_t id, std::span<const std::byte> data);
    void detach();
    // Nothing remembered is used any more: the camera was reset, or another program wrote to it.
    void forget();

private:
    template <typename Act>
    auto guarded(const char* operation, std::string_view name, Act&& act)
        -> decltype(act(std::declval<const Node&>()));
    void require_readable(const Node& node);
    void require_writable(const Node& node);
    const EnumEntry& entry_of(const Node& node, std::string_view symbol);
    std::string symbol_of(const Node& node);

    const Description& description_;
    Evaluator evaluator_;
    std::string device_;
};

}  // namespace opal::drivers::genapi
