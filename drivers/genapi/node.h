// Node: one element of a camera's description, as written there: nothing is evaluated yet. Made by
// Description, evaluated by NodeMap.
//
// Texts and names point into the description. A reference is a name; whether a node has it shows
// when it is followed.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace opal::drivers::genapi {

enum class Kind : std::uint8_t {
    category,
    integer,
    floating,
    boolean,
    enumeration,
    command,
    string,
    int_register,
    masked_int_register,
    float_register,
    string_register,
    byte_register,
    swiss_knife,
    int_swiss_knife,
    converter,
    int_converter,
    port,
};
std::string_view to_string(Kind kind);  // as the element is called

enum class Visibility : std::uint8_t { beginner, expert, guru, invisible };
enum class AccessMode : std::uint8_t { read_only, write_only, read_write };
enum class Caching : std::uint8_t { write_through, write_around, none };
enum class Slope : std::uint8_t { automatic, increasing, decreasing, varying };

// A value written in place, or the node that has it.
struct Source {
    std::string_view text;
    std::string_view node;
    bool given() const { return !text.empty() || !node.empty(); }
};

struct AddressTerm {
    Source value;
    bool indexed = false;  // value x offset; the register's length where no offset is given
    Source offset;
};

struct RegisterPart {
    std::vector<AddressTerm> address;  // summed up
    Source length;
    std::string_view port;
    AccessMode access = AccessMode::read_only;
    bool big_endian = false;
    bool is_signed = false;
    int lsb = -1;  // as written; -1: the whole register
    int msb = -1;
    Caching caching = Caching::write_through;
    Source polling_ms;
};

// What a formula may know of another node.
enum class Property : std::uint8_t { value, min, max, inc, entry };

struct Variable {
    std::string_view name;
    std::string_view node;
    Property property = Property::value;
    std::string_view entry;
};

struct FormulaPart {
    std::string_view formula;  // swiss knives; converters: raw -> user value
    std::string_view to_raw;   // converters: user -> raw value
    std::vector<Variable> variables;
    std::vector<std::pair<std::string_view, std::string_view>> constants;
    std::vector<std::pair<std::string_view, std::string_view>> expressions;
    Slope slope = Slope::automatic;
};

struct EnumEntry {
    std::string_view name;
    std::string_view value;
    std::string_view display_name;
    std::string_view is_implemented;
    std::string_view is_available;
};

struct Node {
    Kind kind{};
    Visibility visibility = Visibility::beginner;
    bool streamable = false;
    std::optional<AccessMode> imposed_access;
    std::string_view name;
    std::string_view display_name;
    std::string_view tooltip;
    std::string_view description;
    std::string_view unit;
    std::string_view representation;
    std::string_view display_precision;
    std::string_view is_implemented;
    std::string_view is_available;
    std::string_view is_locked;
    std::vector<std::string_view> invalidators;
    std::vector<std::string_view> features;  // of a category
    std::vector<std::string_view> selected;  // features this one selects for

    Source value;
    std::vector<std::string_view> value_copies;  // written together with value
    std::string_view index;                      // chooses among `indexed`
    std::vector<std::pair<std::int64_t, Source>> indexed;
    Source otherwise;
    Source min;
    Source max;
    Source inc;
    Source on;  // boolean
    Source off;
    Source command_value;
    std::vector<EnumEntry> entries;
    Source chunk_id;  // port; hexadecimal without 0x
    Source event_id;
    std::unique_ptr<RegisterPart> reg;
    std::unique_ptr<FormulaPart> formula;
};

}  // namespace opal::drivers::genapi
