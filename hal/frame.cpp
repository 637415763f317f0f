// Frame: views of its bytes as counts, and resizing that keeps the storage.
#include "hal/frame.h"

#include <bit>
#include <cassert>

namespace opal::hal {

// Words are stored little-endian; the views below read them in place.
static_assert(std::endian::native == std::endian::little, "OPAL runs on little-endian hosts");

std::span<const std::uint8_t> Frame::as_u8() const {
    assert(bytes_per_pixel(format) == 1);
    return {reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()};
}

std::span<const std::uint16_t> Frame::as_u16() const {
    assert(bytes_per_pixel(format) == 2);
    return {reinterpret_cast<const std::uint16_t*>(bytes.data()), bytes.size() / 2};
}

std::span<std::uint8_t> Frame::as_u8() {
    assert(bytes_per_pixel(format) == 1);
    return {reinterpret_cast<std::uint8_t*>(bytes.data()), bytes.size()};
}

std::span<std::uint16_t> Frame::as_u16() {
    assert(bytes_per_pixel(format) == 2);
    return {reinterpret_cast<std::uint16_t*>(bytes.data()), bytes.size() / 2};
}

int Frame::count_at(int row, int column) const {
    assert(row >= 0 && row < region.rows && column >= 0 && column < region.columns);
    const std::size_t index = static_cast<std::size_t>(row) * region.columns + column;
    return bytes_per_pixel(format) == 1 ? as_u8()[index] : as_u16()[index];
}

void Frame::reshape(Region new_region, PixelFormat new_format) {
    region = new_region;
    format = new_format;
    bytes.resize(new_region.pixels() * bytes_per_pixel(new_format));
}

}  // namespace opal::hal
