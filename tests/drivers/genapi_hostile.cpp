// Descriptions made to do harm, or merely damaged: refused or harmless, always with one clear line.
#include "drivers/genapi/node_map.h"

#include "tests/drivers/memory_port.h"

#include <archive.h>
#include <archive_entry.h>
#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace opal;
using namespace opal::drivers::genapi;
using opal::tests::MemoryPort;

namespace {

std::string document(const std::string& nodes) {
    return "<RegisterDescription>" + nodes + "</RegisterDescription>";
}

std::string refusal(const std::string& xml) {
    try {
        const Description description(xml);
    } catch (const DescriptionError& error) {
        const std::string text = error.what();
        CHECK(text.find('\n') == std::string::npos);
        return text;
    }
    return "accepted";
}

bool has(const std::string& text, const char* part) {
    CAPTURE(text);
    return text.find(part) != std::string::npos;
}

std::string fault_of(const std::string& nodes, const char* name) {
    const Description description(document(nodes));
    MemoryPort port;
    hal::SteadyClock clock;
    NodeMap map(description, port, clock, "camera test");
    try {
        map.integer(name);
    } catch (const hal::DeviceError& error) {
        CHECK(error.kind() == hal::ErrorKind::corrupt);
        return error.what();
    }
    return "no fault";
}

// A ZIP archive with these members.
std::vector<std::byte> zip(const std::vector<std::pair<std::string, std::string>>& members) {
    std::vector<std::byte> room(std::size_t{1} << 20);
    std::size_t used = 0;
    archive* const a = archive_write_new();
    archive_write_set_format_zip(a);
    archive_write_open_memory(a, room.data(), room.size(), &used);
    for (const auto& [name, content] : members) {
        archive_entry* const entry = archive_entry_new();
        archive_entry_set_pathname(entry, name.c_str());
        archive_entry_set_size(entry, static_cast<la_int64_t>(content.size()));
        archive_entry_set_filetype(entry, AE_IFREG);
        archive_entry_set_perm(entry, 0644);
        archive_write_header(a, entry);
        archive_write_data(a, content.data(), content.size());
        archive_entry_free(entry);
    }
    archive_write_close(a);
    archive_write_free(a);
    room.resize(used);
    return room;
}

std::span<const std::byte> bytes_of(const std::string& text) {
    return std::as_bytes(std::span(text.data(), text.size()));
}

}  // namespace

TEST_CASE("a description is XML, or a ZIP archive with XML in it") {
    const std::string xml = document("<Port Name=\"Device\"/>");
    CHECK(unpack_description(bytes_of(xml)) == xml);
    const auto archived = zip({{"camera.xml", xml}});
    CHECK(unpack_description(archived) == xml);
    // Every beginning of it is refused, or still has the whole member.
    for (std::size_t length = 0; length < archived.size(); length += 7) {
        try {
            const std::string part = unpack_description(std::span(archived).first(length));
            CHECK(part.size() <= xml.size());
        } catch (const DescriptionError& error) {
            CHECK(std::string(error.what()).find('\n') == std::string::npos);
        }
    }
    CHECK_THROWS_AS(unpack_description({}), DescriptionError);
    CHECK_THROWS_AS(unpack_description(zip({})), DescriptionError);
}

TEST_CASE("a ZIP bomb is refused before it fills the memory") {
    const auto bomb = zip({{"bomb.xml", std::string(std::size_t{33} << 20, ' ')}});
    REQUIRE(bomb.size() < 100000);
    try {
        unpack_description(bomb);
        FAIL("accepted");
    } catch (const DescriptionError& error) {
        CHECK(has(error.what(), "32 MiB"));
    }
}

TEST_CASE("document types, and with them entities, are refused") {
    CHECK(has(refusal("<!DOCTYPE a [<!ENTITY x \"xx\">]>" + document("")), "document type"));
    CHECK(
        has(refusal("<!DOCTYPE a SYSTEM \"file:///etc/passwd\">" + document("")), "document type"));
}

TEST_CASE("what is no description") {
    CHECK(has(refusal(""), "no XML"));
    CHECK(has(refusal("<html></html>"), "no RegisterDescription"));
    CHECK(has(refusal("<RegisterDescription><Integer>"), "no XML"));
    CHECK(refusal("a line of text\n" + document("")) == "accepted");
    CHECK(refusal("\xEF\xBB\xBF<?xml version=\"1.0\" encoding=\"utf-8\"?>" + document("")) ==
          "accepted");
}

TEST_CASE("groups without end are refused; nesting elsewhere is not followed") {
    std::string deep;
    for (int i = 0; i < 100000; ++i) deep += "<Group>";
    for (int i = 0; i < 100000; ++i) deep += "</Group>";
    CHECK(has(refusal(document(deep)), "groups"));
    std::string strange;
    for (int i = 0; i < 100000; ++i) strange += "<x>";
    for (int i = 0; i < 100000; ++i) strange += "</x>";
    CHECK(refusal(document(strange)) == "accepted");
    CHECK(refusal(document("<Integer Name=\"a\">" + strange + "</Integer>")) == "accepted");
}

TEST_CASE("references in a circle end with the name of the node") {
    CHECK(has(fault_of("<Integer Name=\"A\"><pValue>B</pValue></Integer>"
                       "<Integer Name=\"B\"><pValue>A</pValue></Integer>",
                       "A"),
              "leads to itself"));
    CHECK(has(fault_of("<IntSwissKnife Name=\"A\"><pVariable Name=\"X\">A</pVariable>"
                       "<Formula>X</Formula></IntSwissKnife>",
                       "A"),
              "leads to itself"));
    CHECK(has(fault_of("<IntReg Name=\"A\"><pAddress>A</pAddress></IntReg>", "A"),
              "leads to itself"));
    CHECK(has(fault_of("<Integer Name=\"A\"><pIsAvailable>A</pIsAvailable><Value>1</Value>"
                       "<pIsLocked>B</pIsLocked></Integer>"
                       "<Integer Name=\"B\"><pValue>C</pValue></Integer>"
                       "<Integer Name=\"C\"><pValue>B</pValue></Integer>",
                       "A"),
              "leads to itself"));
    CHECK(has(fault_of("<IntSwissKnife Name=\"A\"><Expression Name=\"E\">E+1</Expression>"
                       "<Formula>E</Formula></IntSwissKnife>",
                       "A"),
              "E"));
}

TEST_CASE("long chains and doubling references end soon") {
    std::string chain;
    for (int i = 0; i < 100; ++i)
        chain += "<Integer Name=\"N" + std::to_string(i) + "\"><pValue>N" + std::to_string(i + 1) +
                 "</pValue></Integer>";
    CHECK(has(fault_of(chain + "<Integer Name=\"N100\"><Value>1</Value></Integer>", "N0"),
              "on and on"));
    std::string doubling;
    for (int i = 0; i < 35; ++i)
        doubling += "<IntSwissKnife Name=\"D" + std::to_string(i) + "\"><pVariable Name=\"A\">D" +
                    std::to_string(i + 1) + "</pVariable><pVariable Name=\"B\">D" +
                    std::to_string(i + 1) + "</pVariable><Formula>A+B</Formula></IntSwissKnife>";
    CHECK(has(fault_of(doubling + "<Integer Name=\"D35\"><Value>1</Value></Integer>", "D0"),
              "endless work"));
}

TEST_CASE("nodes that make no sense fail when used, by name") {
    CHECK(has(fault_of("<IntReg Name=\"R\"><Address>0</Address><Length>9</Length></IntReg>", "R"),
              "length"));
    CHECK(has(fault_of("<IntReg Name=\"R\"><Address>0</Address><Length>-1</Length></IntReg>", "R"),
              "length"));
    CHECK(has(fault_of("<MaskedIntReg Name=\"R\"><Address>0</Address><Bit>32</Bit>"
                       "</MaskedIntReg>",
                       "R"),
              "bit 32"));
    CHECK(has(fault_of("<Integer Name=\"I\"/>", "I"), "no value"));
    CHECK(has(fault_of("<Integer Name=\"I\"><Value>many</Value></Integer>", "I"), "'many'"));
    CHECK(has(fault_of("<IntSwissKnife Name=\"K\"><Formula>1+</Formula></IntSwissKnife>", "K"),
              "formula"));
    CHECK(has(fault_of("<IntSwissKnife Name=\"K\"><Formula>X</Formula></IntSwissKnife>", "K"),
              "'X'"));
    CHECK(has(fault_of("<IntSwissKnife Name=\"K\"><Formula>1/0</Formula></IntSwissKnife>", "K"),
              "division by zero"));
}
