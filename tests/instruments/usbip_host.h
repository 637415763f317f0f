// UsbIpHost: a USB/IP host written by hand for tests of the door: it makes its bytes itself.
#pragma once

#include "tests/contract/far_descriptor.h"
#include "tests/protocol/wire_bytes.h"

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <optional>
#include <string>

namespace opal::tests {

inline std::vector<std::byte> big(std::uint32_t value) {
    std::vector<std::byte> bytes;
    for (int shift = 24; shift >= 0; shift -= 8)
        bytes.push_back(static_cast<std::byte>(value >> shift & 0xFF));
    return bytes;
}
inline std::uint32_t word(const std::vector<std::byte>& bytes, std::size_t index) {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < 4; ++i)
        value = value << 8 | std::to_integer<std::uint32_t>(bytes.at(4 * index + i));
    return value;
}

// A host that imports devices.
class UsbIpHost {
public:
    explicit UsbIpHost(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
        sockaddr_in there{};
        there.sin_family = AF_INET;
        there.sin_port = htons(port);
        there.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        REQUIRE(::connect(socket_.number(), reinterpret_cast<const sockaddr*>(&there),
                          sizeof there) == 0);
    }
    void say(const std::vector<std::byte>& bytes) { socket_.write(bytes); }
    std::vector<std::byte> hear(std::size_t count) { return socket_.read(count); }
    bool import(const std::string& bus_id) {
        std::vector<std::byte> name = zeros(32);
        for (std::size_t i = 0; i < bus_id.size(); ++i) name[i] = static_cast<std::byte>(bus_id[i]);
        say(hex("01 11 80 03 00 00 00 00") + name);
        if (hear(8) != hex("01 11 00 03 00 00 00 00")) return false;
        return hear(312).size() == 312;
    }
    void submit(std::uint32_t sequence, bool in, unsigned endpoint, std::uint32_t length,
                const std::vector<std::byte>& setup = zeros(8), std::uint32_t flags = 0) {
        say(big(1) + big(sequence) + big(0x00010002) + big(in ? 1 : 0) + big(endpoint) +
            big(flags) + big(length) + big(0) + big(0) + big(0) + setup);
    }
    void unlink(std::uint32_t sequence, std::uint32_t unlinked) {
        say(big(2) + big(sequence) + big(0x00010002) + big(1) + big(2) + big(unlinked) + zeros(24));
    }
    struct Answer {
        std::uint32_t command, sequence;
        std::int32_t status;
        std::uint32_t length;
    };
    Answer answer() {
        const std::vector<std::byte> header = hear(48);
        REQUIRE(header.size() == 48);
        return {word(header, 0), word(header, 1), static_cast<std::int32_t>(word(header, 5)),
                word(header, 6)};
    }
    // A read on endpoint 0 by its setup bytes; nothing: stalled.
    std::optional<std::vector<std::byte>> ask(const char* setup_text) {
        const std::vector<std::byte> setup = hex(setup_text);
        const std::uint32_t length = std::to_integer<std::uint32_t>(setup.at(6)) |
                                     std::to_integer<std::uint32_t>(setup.at(7)) << 8;
        submit(++asked_, true, 0, length, setup);
        const Answer got = answer();
        CHECK(got.command == 3);
        CHECK(got.sequence == asked_);
        if (got.status == -32) return std::nullopt;
        CHECK(got.status == 0);
        return hear(got.length);
    }
    // The same without data.
    bool tell(const char* setup_text) {
        submit(++asked_, false, 0, 0, hex(setup_text));
        const Answer got = answer();
        CHECK((got.status == 0 || got.status == -32));
        return got.status == 0;
    }

private:
    contract::Descriptor socket_;
    std::uint32_t asked_ = 0x8000;
};

}  // namespace opal::tests
