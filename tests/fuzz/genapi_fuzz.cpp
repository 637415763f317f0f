// Fuzz target: camera descriptions (drivers/genapi): what is taken can be listed, read and written
// node by node, with one-line faults.
#include "tests/fuzz/fuzz_target.h"

#include "drivers/genapi/node_map.h"
#include "hal/error.h"

#include <algorithm>

namespace opal::fuzz {

using namespace drivers::genapi;

namespace {

// 64 kB of registers; what lies beyond is refused as a camera would.
class Registers final : public Port {
public:
    void read(std::uint64_t address, std::span<std::byte> into) override {
        check(address, into.size());
        std::copy_n(memory_.begin() + static_cast<std::ptrdiff_t>(address), into.size(),
                    into.begin());
    }
    void write(std::uint64_t address, std::span<const std::byte> bytes) override {
        check(address, bytes.size());
        std::copy(bytes.begin(), bytes.end(),
                  memory_.begin() + static_cast<std::ptrdiff_t>(address));
    }

private:
    void check(std::uint64_t address, std::size_t size) const {
        if (address > memory_.size() || size > memory_.size() - address)
            throw hal::DeviceError(hal::ErrorKind::refused, "registers", "access", "no address");
    }
    std::vector<std::byte> memory_ = std::vector<std::byte>(65536);
};

class StillClock final : public hal::Clock {
public:
    hal::Time now() const override { return {}; }
    void wait_until(hal::Time) override {}
};

template <typename Act>
void attempt(Act&& act) {
    try {
        act();
    } catch (const hal::DeviceError& error) {
        require_one_line(error.what());
    }
}

}  // namespace

std::vector<Bytes> seeds() {
    return {bytes_of(
        "<RegisterDescription ModelName=\"M\" SchemaMajorVersion=\"1\">"
        "<Category Name=\"Root\"><pFeature>Width</pFeature></Category>"
        "<Integer Name=\"Width\"><pValue>W</pValue><Min>16</Min><pMax>Max</pMax><Inc>4</Inc>"
        "<pIsLocked>Lock</pIsLocked></Integer>"
        "<IntReg Name=\"W\"><Address>0x10</Address><pIndex Offset=\"4\">Lock</pIndex>"
        "<Length>4</Length><AccessMode>RW</AccessMode><pPort>Device</pPort>"
        "<Endianess>BigEndian</Endianess></IntReg>"
        "<MaskedIntReg Name=\"Lock\"><Address>4</Address><LSB>31</LSB><MSB>28</MSB>"
        "<pPort>Device</pPort><Endianess>BigEndian</Endianess></MaskedIntReg>"
        "<IntSwissKnife Name=\"Max\"><pVariable Name=\"A\">W</pVariable>"
        "<Formula>(A &gt;= 0) ? 4096 : A ** 2 % 7</Formula></IntSwissKnife>"
        "<Float Name=\"T\"><pValue>C</pValue></Float><Converter Name=\"C\">"
        "<FormulaTo>FROM*10</FormulaTo><FormulaFrom>ROUND(TO/10, 1)</FormulaFrom>"
        "<pValue>W</pValue></Converter>"
        "<Enumeration Name=\"E\"><EnumEntry Name=\"A\"><Value>0</Value></EnumEntry>"
        "<pValue>W</pValue></Enumeration><Command Name=\"Go\"><pValue>W</pValue>"
        "<CommandValue>1</CommandValue></Command><Boolean Name=\"B\"><pValue>W</pValue></Boolean>"
        "<StringReg Name=\"S\"><Address>0x100</Address><Length>16</Length></StringReg>"
        "<FloatReg Name=\"F\"><Address>0x200</Address><Length>8</Length></FloatReg>"
        "<StructReg><Address>8</Address><StructEntry Name=\"X\"><Bit>3</Bit></StructEntry>"
        "</StructReg><Port Name=\"Device\"/></RegisterDescription>")};
}

std::vector<std::string> words() {
    return {"<pValue>Width</pValue>",
            "<Formula>",
            "</Formula>",
            "<!DOCTYPE a>",
            "<Group>",
            "</Group>",
            "<![CDATA[",
            "]]>",
            "<Length>9</Length>",
            "<Address>-4</Address>",
            "pIsLocked",
            "9223372036854775807",
            "0xFFFFFFFFFFFFFFFF",
            "**",
            "&lt;&lt;",
            "?:"};
}

void feed(std::span<const std::byte> input) {
    try {
        const std::string xml = unpack_description(input);
        const Description description(xml);
        Registers registers;
        StillClock clock;
        NodeMap map(description, registers, clock, "camera fuzz");
        std::size_t looked_at = 0;
        for (const Node& node : description.nodes()) {
            if (++looked_at > 200) break;
            attempt([&] { (void)map.access(node.name); });
            attempt([&] { (void)map.restriction(node.name); });
            attempt([&] { (void)map.value_text(node.name); });
            attempt([&] { (void)map.integer_limits(node.name); });
            attempt([&] { (void)map.number_limits(node.name); });
            attempt([&] { (void)map.symbols(node.name); });
            attempt([&] { map.set_value_text(node.name, "20"); });
            attempt([&] { map.execute(node.name); });
        }
    } catch (const DescriptionError& error) {
        require_one_line(error.what());
    }
}

}  // namespace opal::fuzz
