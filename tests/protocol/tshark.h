// Tshark: packets of ours as a capture file, and what Wireshark makes of it.
#pragma once

#include <doctest/doctest.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <span>
#include <string>

namespace opal::tests {

// A capture file of link type 101, raw IPv4 [pcap savefile format]. UDP and TCP checksums are 0,
// which tshark does not look at unless told to.
class Capture {
public:
    explicit Capture(const std::filesystem::path& file) : out_(file, std::ios::binary) {
        for (const std::uint32_t word : {0xA1B2C3D4u, 0x00040002u, 0u, 0u, 65535u, 101u}) put(word);
    }

    void add_udp(std::uint16_t from, std::uint16_t to, std::span<const std::byte> payload) {
        std::array<unsigned char, 8> head{};
        put16(head, 0, from);
        put16(head, 2, to);
        put16(head, 4, static_cast<std::uint16_t>(head.size() + payload.size()));
        add(17, head, payload);
    }
    // Segments of one connection follow one another as if acknowledged.
    void add_tcp(std::uint16_t from, std::uint16_t to, std::span<const std::byte> payload) {
        std::array<unsigned char, 20> head{};
        std::uint32_t& next = next_byte_[from];
        put16(head, 0, from);
        put16(head, 2, to);
        put32(head, 4, next);
        put32(head, 8, next_byte_[to]);
        head[12] = 5 << 4;  // words of header
        head[13] = 0x18;    // push, acknowledge
        put16(head, 14, 0xFFFF);
        next += static_cast<std::uint32_t>(payload.size());
        add(6, head, payload);
    }
    void close() { out_.close(); }
    std::uint32_t packets() const { return packets_; }

private:
    static void put16(std::span<unsigned char> to, std::size_t at, std::uint16_t v) {
        to[at] = static_cast<unsigned char>(v >> 8);
        to[at + 1] = static_cast<unsigned char>(v & 0xFF);
    }
    static void put32(std::span<unsigned char> to, std::size_t at, std::uint32_t v) {
        put16(to, at, static_cast<std::uint16_t>(v >> 16));
        put16(to, at + 2, static_cast<std::uint16_t>(v & 0xFFFF));
    }
    void add(unsigned char protocol, std::span<const unsigned char> transport,
             std::span<const std::byte> payload) {
        const auto size = static_cast<std::uint16_t>(20 + transport.size() + payload.size());
        ++packets_;
        for (const std::uint32_t word : {packets_, 0u, std::uint32_t{size}, std::uint32_t{size}})
            put(word);
        std::array<unsigned char, 20> ip{0x45, 0, 0,   0, 0, 0, 0x40, 0, 64, protocol,
                                         0,    0, 127, 0, 0, 1, 127,  0, 0,  1};
        put16(ip, 2, size);
        unsigned sum = 0;
        for (std::size_t i = 0; i < ip.size(); i += 2) sum += ip[i] * 256u + ip[i + 1];
        put16(ip, 10, static_cast<std::uint16_t>(~((sum & 0xFFFF) + (sum >> 16))));
        out_.write(reinterpret_cast<const char*>(ip.data()), ip.size());
        out_.write(reinterpret_cast<const char*>(transport.data()),
                   static_cast<std::streamsize>(transport.size()));
        out_.write(reinterpret_cast<const char*>(payload.data()),
                   static_cast<std::streamsize>(payload.size()));
    }
    void put(std::uint32_t word) { out_.write(reinterpret_cast<const char*>(&word), 4); }

    std::ofstream out_;
    std::uint32_t packets_ = 0;
    std::map<std::uint16_t, std::uint32_t> next_byte_;  // of TCP, by the port it comes from
};

inline std::string output_of(const std::string& command) {
    std::string text;
    FILE* const pipe = ::popen(command.c_str(), "r");
    REQUIRE(pipe);
    std::array<char, 4096> room;
    while (const std::size_t count = std::fread(room.data(), 1, room.size(), pipe))
        text.append(room.data(), count);
    ::pclose(pipe);
    return text;
}

inline std::size_t lines_of(const std::string& text) {
    return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

inline bool tshark_is_here() {
    return !output_of("command -v tshark").empty();
}

class TemporaryFile {
public:
    TemporaryFile()
        : path_(std::filesystem::temp_directory_path() /
                ("opal-wire-" + std::to_string(::getpid()) + ".pcap")) {}
    ~TemporaryFile() { std::filesystem::remove(path_); }
    const std::filesystem::path& path() const { return path_; }

private:
    std::filesystem::path path_;
};

}  // namespace opal::tests
