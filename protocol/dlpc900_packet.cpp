// Dlpc900Packet: see dlpc900_packet.h.
#include "protocol/dlpc900_packet.h"

#include "protocol/little_endian.h"

#include <algorithm>
#include <cassert>

namespace opal::protocol {

namespace {

constexpr unsigned read_flag = 0x80;
constexpr unsigned reply_flag = 0x40;
constexpr unsigned refused_flag = 0x20;
constexpr std::size_t header_bytes = 4;
constexpr std::size_t buffer_bytes = 512;

std::vector<Dlpc900Report> cut(std::span<const std::byte> bytes) {
    std::vector<Dlpc900Report> reports;
    for (std::size_t at = 0; at < bytes.size(); at += dlpc900_report_bytes) {
        Dlpc900Report& report = reports.emplace_back();
        report.fill(std::byte{0});
        const auto part = bytes.subspan(at, std::min(dlpc900_report_bytes, bytes.size() - at));
        std::copy(part.begin(), part.end(), report.begin());
    }
    return reports;
}

// Adds a report to `bytes`, which are complete when they have the size that their header tells.
bool collect(std::span<const std::byte> report, std::vector<std::byte>& bytes, std::size_t& whole) {
    if (whole == 0) {
        bytes.clear();
        if (report.size() < header_bytes) return false;
        const std::size_t size = header_bytes + load_le16(&report[2]);
        if (size > buffer_bytes) return false;
        whole = size;
    }
    const std::size_t missing = whole - bytes.size();
    const auto part = report.first(std::min(missing, report.size()));
    bytes.insert(bytes.end(), part.begin(), part.end());
    if (bytes.size() < whole) return false;
    whole = 0;
    return true;
}

unsigned number(std::byte b) {
    return std::to_integer<unsigned>(b);
}

}  // namespace

std::vector<Dlpc900Report> encode(const Dlpc900Command& command) {
    assert(command.data.size() <= dlpc900_most_data);
    std::vector<std::byte> bytes;
    append_u8(bytes, (command.read ? read_flag : 0) |
                         (command.read || command.reply_wanted ? reply_flag : 0));
    append_u8(bytes, command.sequence);
    append_le16(bytes, static_cast<std::uint32_t>(2 + command.data.size()));
    append_le16(bytes, command.word);
    bytes.insert(bytes.end(), command.data.begin(), command.data.end());
    return cut(bytes);
}

std::vector<Dlpc900Report> encode(const Dlpc900Reply& reply) {
    std::vector<std::byte> bytes;
    append_u8(bytes,
              (reply.read ? read_flag : 0) | reply_flag | (reply.refused ? refused_flag : 0));
    append_u8(bytes, reply.sequence);
    append_le16(bytes, static_cast<std::uint32_t>(reply.data.size()));
    bytes.insert(bytes.end(), reply.data.begin(), reply.data.end());
    return cut(bytes);
}

std::optional<Dlpc900Command> Dlpc900CommandReader::take(std::span<const std::byte> report) {
    if (!collect(report, bytes_, whole_) || bytes_.size() < header_bytes + 2) return std::nullopt;
    const unsigned flags = number(bytes_[0]);
    Dlpc900Command command;
    command.read = (flags & read_flag) != 0;
    command.reply_wanted = (flags & reply_flag) != 0;
    command.sequence = static_cast<std::uint8_t>(number(bytes_[1]));
    command.word = load_le16(&bytes_[4]);
    command.data.assign(bytes_.begin() + header_bytes + 2, bytes_.end());
    return command;
}

std::optional<Dlpc900Reply> Dlpc900ReplyReader::take(std::span<const std::byte> report) {
    if (!collect(report, bytes_, whole_)) return std::nullopt;
    const unsigned flags = number(bytes_[0]);
    return Dlpc900Reply{(flags & read_flag) != 0,
                        (flags & refused_flag) != 0,
                        static_cast<std::uint8_t>(number(bytes_[1])),
                        {bytes_.begin() + header_bytes, bytes_.end()}};
}

std::string_view dlpc900_error_text(int code) {
    constexpr std::array<std::string_view, 18> texts{"none",
                                                     "wrong checksum of a batch file",
                                                     "device failure",
                                                     "unknown command",
                                                     "controller and DMD do not match",
                                                     "not allowed in this mode",
                                                     "bad parameter",
                                                     "something it refers to is missing",
                                                     "out of memory",
                                                     "bad kind of image compression",
                                                     "bit position out of range",
                                                     "the pattern's image is not stored",
                                                     "dark time out of range",
                                                     "signal delay out of range",
                                                     "exposure out of range",
                                                     "pattern number out of range",
                                                     "invalid pattern definition",
                                                     "image address out of range"};
    if (code == 255) return "internal error";
    const bool known = code >= 0 && static_cast<std::size_t>(code) < texts.size();
    return known ? texts[static_cast<std::size_t>(code)] : std::string_view();
}

}  // namespace opal::protocol
