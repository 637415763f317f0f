// DescriptionWriter: nodes of GenApi's schema 1.1.
#include "sim/instruments/genicam/description_writer.h"

#include <fmt/format.h>

namespace opal::sim {
namespace {

constexpr const char* head = "<Visibility>Beginner</Visibility>";

}  // namespace

DescriptionWriter::DescriptionWriter(std::string model, std::string name_space,
                                     CameraMemory::Order order)
    : model_(std::move(model)), name_space_(std::move(name_space)), order_(order) {}

std::string DescriptionWriter::byte_order() const {
    return order_ == CameraMemory::Order::big_endian ? "<Endianess>BigEndian</Endianess>"
                                                     : "<Endianess>LittleEndian</Endianess>";
}

void DescriptionWriter::list(std::string_view name) {
    categories_.back().second += fmt::format("<pFeature>{}</pFeature>", name);
}

void DescriptionWriter::own(std::string_view element, std::string_view name,
                            const std::string& body) {
    list(name);
    add(element, name, body);
}

void DescriptionWriter::add(std::string_view element, std::string_view name,
                            const std::string& body) {
    nodes_ +=
        fmt::format("<{0} Name=\"{1}\" NameSpace=\"Standard\">{2}</{0}>\n", element, name, body);
}

std::string DescriptionWriter::reg(std::string_view name, std::uint32_t address, const char* access,
                                   const std::string& more) {
    add("IntReg", fmt::format("{}Reg", name),
        fmt::format("<Address>{:#x}</Address><Length>4</Length><AccessMode>{}</AccessMode>"
                    "<pPort>Device</pPort>{}{}",
                    address, access, more, byte_order()));
    return fmt::format("<pValue>{}Reg</pValue>", name);
}

std::string DescriptionWriter::bits(std::string_view name, std::uint32_t address, int msb, int lsb,
                                    const char* access) {
    add("MaskedIntReg", fmt::format("{}Reg", name),
        fmt::format("<Address>{:#x}</Address><Length>4</Length><AccessMode>{}</AccessMode>"
                    "<pPort>Device</pPort><LSB>{}</LSB><MSB>{}</MSB>{}",
                    address, access, lsb, msb, byte_order()));
    return fmt::format("<pValue>{}Reg</pValue>", name);
}

void DescriptionWriter::integer(std::string_view name, std::uint32_t address, const char* access,
                                const std::string& more, const std::string& more_of_register) {
    const std::string value = reg(name, address, access, more_of_register);
    own("Integer", name, head + more + value);
}

void DescriptionWriter::boolean(std::string_view name, std::uint32_t address,
                                const std::string& more) {
    const std::string value = reg(name, address, "RW");
    own("Boolean", name, head + more + value);
}

void DescriptionWriter::command(std::string_view name, std::uint32_t address, unsigned number,
                                const std::string& more) {
    const std::string value = reg(name, address, "WO");
    own("Command", name,
        head + more + value + fmt::format("<CommandValue>{}</CommandValue>", number));
}

void DescriptionWriter::enumeration(
    std::string_view name, std::uint32_t address, const char* access,
    const std::vector<std::pair<const char*, std::uint32_t>>& entries, const std::string& more) {
    const std::string value = reg(name, address, access);
    std::string body = head + more;
    for (const auto& [entry, number] : entries)
        body += fmt::format(
            "<EnumEntry Name=\"{}\" NameSpace=\"Standard\"><Value>{:#x}</Value></EnumEntry>", entry,
            number);
    own("Enumeration", name, body + value);
}

void DescriptionWriter::scaled(std::string_view name, std::uint32_t address, const char* access,
                               double scale, const char* unit, const std::string& more,
                               const char* sign) {
    reg(name, address, access,
        fmt::format("<Cachable>WriteAround</Cachable><Sign>{}</Sign>", sign));
    add("Converter", fmt::format("{}Value", name),
        fmt::format("<FormulaTo>ROUND(FROM*{0})</FormulaTo><FormulaFrom>TO/{0}</FormulaFrom>"
                    "<pValue>{1}Reg</pValue><Slope>Increasing</Slope>",
                    fmt::format("{:.1f}", scale), name));
    own("Float", name,
        head + more + fmt::format("<pValue>{}Value</pValue><Unit>{}</Unit>", name, unit));
}

void DescriptionWriter::text(std::string_view name, std::uint32_t address, unsigned length,
                             const char* access) {
    list(name);
    add("StringReg", name,
        head + fmt::format("<Address>{:#x}</Address><Length>{}</Length>"
                           "<AccessMode>{}</AccessMode><pPort>Device</pPort>",
                           address, length, access));
}

void DescriptionWriter::chunk(std::string_view name, std::uint32_t id, unsigned length) {
    add("Port", fmt::format("{}Port", name), fmt::format("<ChunkID>{:x}</ChunkID>", id));
    add("IntReg", fmt::format("{}Reg", name),
        fmt::format("<Address>0</Address><Length>{}</Length><AccessMode>RO</AccessMode>"
                    "<pPort>{}Port</pPort><Cachable>NoCache</Cachable>{}",
                    length, name, byte_order()));
}

std::string DescriptionWriter::document() const {
    std::string root;
    std::string groups;
    for (const auto& [name, features] : categories_) {
        root += fmt::format("<pFeature>{}</pFeature>", name);
        groups += fmt::format("<Category Name=\"{0}\" NameSpace=\"Standard\">{1}</Category>\n",
                              name, features);
    }
    return fmt::format(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n"
        "<RegisterDescription ModelName=\"{}\" VendorName=\"OPAL\" "
        "StandardNameSpace=\"{}\" SchemaMajorVersion=\"1\" SchemaMinorVersion=\"1\" "
        "SchemaSubMinorVersion=\"0\" MajorVersion=\"1\" MinorVersion=\"0\" "
        "SubMinorVersion=\"0\" ToolTip=\"A camera that does not exist\" "
        "ProductGuid=\"4f50414c-0000-4000-8000-000000000001\" "
        "VersionGuid=\"4f50414c-0000-4000-8000-000000000002\" "
        "xmlns=\"http://www.genicam.org/GenApi/Version_1_1\">\n"
        "<Category Name=\"Root\" NameSpace=\"Standard\">{}</Category>\n{}{}"
        "<Port Name=\"Device\" NameSpace=\"Standard\"/>\n</RegisterDescription>\n",
        model_, name_space_, root, groups, nodes_);
}

}  // namespace opal::sim
