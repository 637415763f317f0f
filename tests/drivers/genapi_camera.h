// A small camera in memory, described by the nodes of a test.
#pragma once

#include "drivers/genapi/node_map.h"
#include "hal/error.h"
#include "tests/drivers/memory_port.h"
#include "tests/protocol/wire_bytes.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace opal::tests::genapi {

using namespace opal::drivers::genapi;

class HandClock final : public hal::Clock {
public:
    hal::Time now() const override { return at; }
    void wait_until(hal::Time when) override { at = when; }
    hal::Time at{};
};

inline std::string document(const std::string& nodes) {
    return "<?xml version=\"1.0\"?><RegisterDescription ModelName=\"M\" VendorName=\"V\" "
           "SchemaMajorVersion=\"1\" SchemaMinorVersion=\"1\" "
           "xmlns=\"http://www.genicam.org/GenApi/Version_1_1\">" +
           nodes + "<Port Name=\"Device\"/></RegisterDescription>";
}

struct Camera {
    explicit Camera(const std::string& nodes)
        : description(document(nodes)), map(description, port, clock, "camera test") {}

    void put(std::size_t address, const char* bytes) {
        const auto typed = hex(bytes);
        std::copy(typed.begin(), typed.end(),
                  port.memory.begin() + static_cast<std::ptrdiff_t>(address));
    }
    std::vector<std::byte> get(std::size_t address, std::size_t count) const {
        const auto begin = port.memory.begin() + static_cast<std::ptrdiff_t>(address);
        return {begin, begin + static_cast<std::ptrdiff_t>(count)};
    }

    Description description;
    MemoryPort port;
    HandClock clock;
    NodeMap map;
};

inline std::string reg(const std::string& element, const std::string& name, int address,
                       const std::string& rest) {
    return "<" + element + " Name=\"" + name + "\"><Address>" + std::to_string(address) +
           "</Address><pPort>Device</pPort><AccessMode>RW</AccessMode>" + rest + "</" + element +
           ">";
}

template <typename Call>
std::string fault(hal::ErrorKind kind, Call&& call) {
    try {
        call();
    } catch (const hal::DeviceError& error) {
        CHECK(error.kind() == kind);
        CHECK(std::string(error.what()).find('\n') == std::string::npos);
        return error.what();
    }
    FAIL_CHECK("no fault");
    return {};
}

inline bool has(const std::string& text, const char* part) {
    CAPTURE(text);
    return text.find(part) != std::string::npos;
}

inline const char* const big = "<Endianess>BigEndian</Endianess>";
inline const char* const little = "<Endianess>LittleEndian</Endianess>";

inline std::string bits(int lsb, int msb) {
    return "<LSB>" + std::to_string(lsb) + "</LSB><MSB>" + std::to_string(msb) + "</MSB>";
}

}  // namespace opal::tests::genapi
