// Pixel codes: the 32-bit numbers by which machine vision cameras name pixel formats, the same on
// GigE Vision and USB3 Vision [PFNC 2.4]: colour or mono << 24 | bits per pixel << 16 | id.
#pragma once

#include "protocol/pixel_packing.h"

#include <cstddef>
#include <cstdint>
#include <optional>

namespace opal::protocol {

enum class PixelCode : std::uint32_t {
    mono8 = 0x01080001,
    mono10 = 0x01100003,
    mono10_packed = 0x010C0004,  // GigE Vision's own packing
    mono12 = 0x01100005,
    mono12_packed = 0x010C0006,
    mono14 = 0x01100025,
    mono16 = 0x01100007,
    mono10p = 0x010A0046,  // a stream of bits
    mono12p = 0x010C0047,
};

constexpr std::uint32_t number_of(PixelCode code) {
    return static_cast<std::uint32_t>(code);
}
constexpr unsigned bits_on_the_wire(PixelCode code) {
    return number_of(code) >> 16 & 0xFFu;
}
// Bytes of an image without padding.
constexpr std::size_t image_bytes(PixelCode code, std::size_t pixels) {
    return (pixels * bits_on_the_wire(code) + 7) / 8;
}
// How counts are packed; nothing if each has bytes of its own.
constexpr std::optional<Packing> packing_of(PixelCode code) {
    switch (code) {
        case PixelCode::mono10_packed:
            return Packing::mono10_packed;
        case PixelCode::mono12_packed:
            return Packing::mono12_packed;
        case PixelCode::mono10p:
            return Packing::mono10p;
        case PixelCode::mono12p:
            return Packing::mono12p;
        default:
            return std::nullopt;
    }
}

}  // namespace opal::protocol
