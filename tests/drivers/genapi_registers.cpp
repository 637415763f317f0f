// Registers of a description bit by bit, against tables measured with Aravis; where they lie, and
// what is remembered of them.
#include "tests/drivers/genapi_camera.h"

using namespace opal;
using namespace opal::tests::genapi;
using opal::tests::hex;

TEST_CASE("registers: bytes 12 34 56 78 as Aravis reads them") {
    Camera camera(reg("IntReg", "Big4", 0, big) + reg("IntReg", "Little4", 0, little) +
                  reg("IntReg", "Big2", 0, std::string("<Length>2</Length>") + big) +
                  reg("IntReg", "Big1", 0, std::string("<Length>1</Length>") + big) +
                  reg("MaskedIntReg", "High", 0, big + bits(15, 0)) +
                  reg("MaskedIntReg", "Low", 0, big + bits(31, 16)) +
                  reg("MaskedIntReg", "Top", 0, big + bits(7, 0) + "<Sign>Signed</Sign>") +
                  reg("MaskedIntReg", "Second", 0, little + bits(8, 15)) +
                  reg("MaskedIntReg", "First", 0, std::string(big) + "<Bit>0</Bit>") +
                  reg("MaskedIntReg", "Last", 0, std::string(big) + "<Bit>31</Bit>"));
    camera.put(0, "12 34 56 78");
    CHECK(camera.map.integer("Big4") == 0x12345678);
    CHECK(camera.map.integer("Little4") == 0x78563412);
    CHECK(camera.map.integer("Big2") == 0x1234);
    CHECK(camera.map.integer("Big1") == 0x12);
    CHECK(camera.map.integer("High") == 0x1234);
    CHECK(camera.map.integer("Low") == 0x5678);
    CHECK(camera.map.integer("Top") == 18);
    CHECK(camera.map.integer("Second") == 0x34);
    CHECK(camera.map.integer("First") == 0);
    CHECK(camera.map.integer("Last") == 0);
    camera.put(0, "92");
    camera.map.forget();
    CHECK(camera.map.integer("Top") == -110);
    CHECK(camera.map.integer("First") == 1);
    CHECK(camera.map.integer_limits("Big2").max == 65535);
    CHECK(camera.map.integer_limits("Top").min == -128);
    CHECK(camera.map.integer_limits("Top").max == 127);

    camera.put(0, "00 00 00 00");
    camera.map.set_integer("First", 1);
    CHECK(camera.get(0, 4) == hex("80 00 00 00"));
    camera.map.set_integer("Last", 1);
    CHECK(camera.get(0, 4) == hex("80 00 00 01"));
    camera.map.set_integer("High", 0x1234);
    CHECK(camera.get(0, 4) == hex("12 34 00 01"));
    camera.map.set_integer("Second", 0xAB);
    CHECK(camera.get(0, 4) == hex("12 ab 00 01"));
    camera.map.set_integer("Top", -110);
    CHECK(camera.get(0, 4) == hex("92 ab 00 01"));
    CHECK(has(fault(hal::ErrorKind::out_of_range, [&] { camera.map.set_integer("Top", 128); }),
              "-128 to 127"));
}

TEST_CASE("registers: floats, strings, bytes, 64 bits") {
    Camera camera(reg("FloatReg", "F4", 0, big) +
                  reg("FloatReg", "F8", 8, std::string("<Length>8</Length>") + big) +
                  reg("FloatReg", "F4l", 16, little) +
                  reg("StringReg", "S", 32, "<Length>16</Length>") +
                  "<String Name=\"Name\"><pValue>S</pValue></String>"
                  "<String Name=\"Fixed\"><Value>hello</Value></String>" +
                  reg("Register", "R", 64, "<Length>3</Length>") +
                  reg("IntReg", "U8", 72, std::string("<Length>8</Length>") + big));
    camera.map.set_number("F4", 1.5);
    camera.map.set_number("F8", 1.5);
    camera.map.set_number("F4l", 1.5);
    CHECK(camera.get(0, 4) == hex("3f c0 00 00"));
    CHECK(camera.get(8, 8) == hex("3f f8 00 00 00 00 00 00"));
    CHECK(camera.get(16, 4) == hex("00 00 c0 3f"));
    CHECK(camera.map.number("F4") == 1.5);
    CHECK(camera.map.number("F8") == 1.5);
    camera.map.set_text("Name", "0123456789ABCDEF");
    CHECK(camera.map.text("Name") == "0123456789ABCDEF");
    camera.map.set_text("Name", "abc");
    CHECK(camera.get(32, 5) == hex("61 62 63 00 00"));
    CHECK(camera.map.text("S") == "abc");
    CHECK(camera.map.text("Fixed") == "hello");
    CHECK(has(fault(hal::ErrorKind::out_of_range,
                    [&] { camera.map.set_text("Name", "0123456789ABCDEFG"); }),
              "16"));
    camera.map.set_value_text("R", "0a0b0c");
    CHECK(camera.map.value_text("R") == "0a0b0c");
    fault(hal::ErrorKind::out_of_range, [&] { camera.map.set_value_text("R", "0a0b"); });
    camera.put(72, "ff ff ff ff ff ff ff ff");
    CHECK(camera.map.integer("U8") == -1);
}

TEST_CASE("addresses are sums: pAddress, knives, indices with and without offset") {
    Camera camera(
        reg("IntReg", "Base", 0, big) + reg("IntReg", "Index", 4, big) +
        "<IntReg Name=\"Sum\"><Address>0x10</Address><pAddress>Base</pAddress><IntSwissKnife>"
        "<pVariable Name=\"I\">Index</pVariable><Formula>I*2</Formula></IntSwissKnife>"
        "<pPort>Device</pPort><Endianess>BigEndian</Endianess></IntReg>"
        "<IntReg Name=\"ByOffset\"><Address>0x100</Address><pIndex Offset=\"16\">Index</pIndex>"
        "<pPort>Device</pPort><Endianess>BigEndian</Endianess></IntReg>"
        "<IntReg Name=\"ByNode\"><Address>0x100</Address><pIndex pOffset=\"Base\">Index</pIndex>"
        "<pPort>Device</pPort><Endianess>BigEndian</Endianess></IntReg>"
        "<IntReg Name=\"ByLength\"><Address>0x100</Address><pIndex>Index</pIndex>"
        "<pPort>Device</pPort><Endianess>BigEndian</Endianess></IntReg>");
    camera.put(0, "00 00 00 20 00 00 00 02");
    camera.put(0x34, "00 00 00 11");   // 0x10 + 0x20 + 2*2
    camera.put(0x120, "00 00 00 22");  // 2 * 16
    camera.put(0x140, "00 00 00 33");  // 2 * 0x20
    camera.put(0x108, "00 00 00 44");  // 2 * 4
    CHECK(camera.map.integer("Sum") == 0x11);
    CHECK(camera.map.integer("ByOffset") == 0x22);
    CHECK(camera.map.integer("ByNode") == 0x33);
    CHECK(camera.map.integer("ByLength") == 0x44);
}

TEST_CASE("a struct is many masked registers") {
    Camera camera(
        "<StructReg><Address>8</Address><Length>4</Length><pPort>Device</pPort>"
        "<AccessMode>RW</AccessMode><Endianess>BigEndian</Endianess>"
        "<StructEntry Name=\"On\"><Bit>0</Bit></StructEntry>"
        "<StructEntry Name=\"Rest\"><LSB>31</LSB><MSB>16</MSB><Sign>Signed</Sign>"
        "<AccessMode>RO</AccessMode></StructEntry></StructReg>");
    camera.put(8, "80 00 ff fe");
    CHECK(camera.map.integer("On") == 1);
    CHECK(camera.map.integer("Rest") == -2);
    camera.map.set_integer("On", 0);
    CHECK(camera.get(8, 4) == hex("00 00 ff fe"));
    fault(hal::ErrorKind::refused, [&] { camera.map.set_integer("Rest", 0); });
}

TEST_CASE("the cache never returns a stale value") {
    const std::string polled = "<Cachable>NoCache</Cachable>";
    Camera camera(reg("IntReg", "Kept", 0, big) + reg("IntReg", "Same", 0, big) +
                  reg("IntReg", "Other", 4, big) + reg("IntReg", "Volatile", 8, big + polled) +
                  reg("IntReg", "Polled", 12, std::string(big) + "<PollingTime>100</PollingTime>") +
                  "<IntSwissKnife Name=\"Computed\"><pVariable Name=\"K\">Kept</pVariable>"
                  "<Formula>K+1</Formula></IntSwissKnife>");
    CHECK(camera.map.integer("Kept") == 0);
    CHECK(camera.map.integer("Kept") == 0);
    CHECK(camera.port.reads == 1);
    // The same bytes under another name.
    camera.map.set_integer("Same", 5);
    CHECK(camera.map.integer("Kept") == 5);
    CHECK(camera.map.integer("Computed") == 6);
    // The camera changes one register because another was written.
    camera.put(0, "00 00 00 09");
    camera.map.set_integer("Other", 1);
    CHECK(camera.map.integer("Computed") == 10);
    // Volatile: read every time, and a change makes everything else doubtful.
    CHECK(camera.map.integer("Volatile") == 0);
    camera.put(0, "00 00 00 0b");
    camera.put(8, "00 00 00 01");
    CHECK(camera.map.integer("Volatile") == 1);
    CHECK(camera.map.integer("Kept") == 11);
    // Polled: read again when its time has passed.
    CHECK(camera.map.integer("Polled") == 0);
    camera.put(12, "00 00 00 07");
    CHECK(camera.map.integer("Polled") == 0);
    camera.clock.at += std::chrono::milliseconds(100);
    CHECK(camera.map.integer("Polled") == 7);
}

TEST_CASE("one register is read once per formula, however often it is named") {
    Camera camera(reg("IntReg", "R", 0, std::string(big) + "<Cachable>NoCache</Cachable>") +
                  "<IntSwissKnife Name=\"K\"><pVariable Name=\"A\">R</pVariable>"
                  "<Formula>A=1?10:A=2?20:A=3?30:A</Formula></IntSwissKnife>");
    CHECK(camera.map.integer("K") == 0);
    CHECK(camera.port.reads == 1);
}

TEST_CASE("chunks: registers in data that came with a frame, from the beginning or the end") {
    Camera camera(
        "<Port Name=\"Chunk\"><ChunkID>1001</ChunkID></Port>"
        "<IntReg Name=\"Counter\"><Address>0</Address><Length>4</Length><pPort>Chunk</pPort>"
        "<Endianess>BigEndian</Endianess></IntReg>"
        "<IntReg Name=\"FromEnd\"><Address>-2</Address><Length>2</Length><pPort>Chunk</pPort>"
        "<Endianess>BigEndian</Endianess></IntReg>"
        "<IntReg Name=\"Beyond\"><Address>4</Address><Length>4</Length><pPort>Chunk</pPort>"
        "</IntReg>");
    fault(hal::ErrorKind::wrong_state, [&] { camera.map.integer("Counter"); });
    const auto data = hex("00 00 00 2a 01 02");
    camera.map.attach(0x1001, data);
    CHECK(camera.map.integer("Counter") == 42);
    CHECK(camera.map.integer("FromEnd") == 0x0102);
    fault(hal::ErrorKind::corrupt, [&] { camera.map.integer("Beyond"); });
    CHECK(camera.port.reads == 0);
}
