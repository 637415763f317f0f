// Evaluator: the values, limits and access of nodes, and the registers underneath. Used by NodeMap,
// which turns its faults into DeviceErrors; it knows nothing of people or text.
#pragma once

#include "drivers/genapi/description.h"
#include "drivers/genapi/formula.h"
#include "drivers/genapi/port.h"
#include "hal/clock.h"
#include "hal/error.h"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace opal::drivers::genapi {

// What stands between a wish and its fulfilment; the text goes into a DeviceError.
struct NodeFault {
    hal::ErrorKind kind{};
    std::string text;
};

enum class Access : std::uint8_t {
    not_implemented,
    not_available,
    write_only,
    read_only,
    read_write,
};
constexpr bool is_readable(Access a) {
    return a == Access::read_only || a == Access::read_write;
}
constexpr bool is_writable(Access a) {
    return a == Access::write_only || a == Access::read_write;
}

struct IntegerLimits {
    std::int64_t min = INT64_MIN;
    std::int64_t max = INT64_MAX;
    std::int64_t inc = 1;
};

struct NumberLimits {
    double min = -1.7976931348623157e308;
    double max = 1.7976931348623157e308;
    std::optional<double> inc;
};

class Evaluator {
public:
    Evaluator(const Description& description, Port& device, const hal::Clock& clock);

    const Node& at(std::string_view name) const;  // throws NodeFault
    bool is_fractional(const Node& node) const;   // its value is a double

    std::int64_t integer(const Node& node);
    double number(const Node& node);
    void set_integer(const Node& node, std::int64_t value);
    void set_number(const Node& node, double value);
    std::string text(const Node& node);
    void set_text(const Node& node, std::string_view value);
    std::vector<std::byte> bytes(const Node& node);
    void set_bytes(const Node& node, std::span<const std::byte> value);

    // `why`: filled with the reason for anything less than read_write.
    Access access(const Node& node, std::string* why = nullptr);
    bool is_shown(const EnumEntry& entry, std::string* why = nullptr);
    std::int64_t entry_value(const Node& node, const EnumEntry& entry);
    IntegerLimits integer_limits(const Node& node);
    NumberLimits number_limits(const Node& node);
    // What stands behind a feature: the node its value comes from, or itself.
    const Node& behind(const Node& node);
    std::int64_t command_value(const Node& node);
    std::size_t register_length(const Node& node);

    // Data of a chunk or event, for the ports that have this id.
    void attach(std::uint64_t id, std::span<const std::byte> data);
    void detach_all();
    void forget() { cache_.clear(); }
    // Work of one request is bounded from here on.
    void begin_request() { budget_ = most_visits; }

private:
    friend class KnifeVariables;
    class Visit;
    enum Question : std::uint8_t { for_value = 1, for_access = 2, for_limits = 4 };
    struct Cached {
        std::uint64_t address = 0;
        std::vector<std::byte> bytes;
        hal::Time read{};
    };
    static constexpr int most_visits = 200000;
    static constexpr int deepest = 40;

    const Source& active_source(const Node& node);
    std::int64_t integer_of(const Source& source, const Node& owner);
    double number_of(const Source& source, const Node& owner);
    void set_source(const Node& node, std::int64_t value);
    void set_source(const Node& node, double value);

    const Formula& compiled(std::string_view text);
    std::int64_t knife_integer(const Node& node, std::string_view formula,
                               std::optional<std::int64_t> operand, std::string_view operand_name);
    double knife_number(const Node& node, std::string_view formula, std::optional<double> operand,
                        std::string_view operand_name);
    template <typename Limits, typename Convert>
    Limits converted(const Node& node, Limits raw, Convert&& convert);

    std::uint64_t register_address(const Node& node);
    std::vector<std::byte> read_register(const Node& node, bool fresh = false);
    void write_register(const Node& node, std::span<const std::byte> bytes);
    std::optional<std::span<const std::byte>> attached_data(const Node& node);
    bool has_port_data(const Node& node);
    std::int64_t register_integer(const Node& node);
    void set_register_integer(const Node& node, std::int64_t value);
    IntegerLimits register_limits(const Node& node);
    struct Bits {
        unsigned shift = 0;
        unsigned width = 0;
    };
    Bits bits_of(const Node& node, std::size_t length) const;

    const Description& description_;
    Port& device_;
    const hal::Clock& clock_;
    std::vector<std::uint8_t> visiting_;
    int budget_ = most_visits;
    int depth_ = 0;
    std::unordered_map<const char*, std::unique_ptr<Formula>> formulas_;
    std::unordered_map<const Node*, Cached> cache_;
    // Values of nodes that have one of their own, once written.
    std::unordered_map<const Node*, std::int64_t> own_integers_;
    std::unordered_map<const Node*, double> own_numbers_;
    std::unordered_map<const Node*, std::string> own_texts_;
    std::map<std::uint64_t, std::vector<std::byte>> attached_;
};

}  // namespace opal::drivers::genapi
