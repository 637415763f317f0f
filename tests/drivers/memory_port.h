// MemoryPort: a camera's registers as an array, with a log of what was read and written.
#pragma once

#include "drivers/genapi/port.h"
#include "hal/error.h"

#include <algorithm>
#include <vector>

namespace opal::tests {

class MemoryPort final : public drivers::genapi::Port {
public:
    explicit MemoryPort(std::size_t size = 4096) : memory(size) {}

    void read(std::uint64_t address, std::span<std::byte> into) override {
        check(address, into.size());
        ++reads;
        std::copy_n(memory.begin() + static_cast<std::ptrdiff_t>(address), into.size(),
                    into.begin());
    }
    void write(std::uint64_t address, std::span<const std::byte> bytes) override {
        check(address, bytes.size());
        ++writes;
        std::copy(bytes.begin(), bytes.end(),
                  memory.begin() + static_cast<std::ptrdiff_t>(address));
    }

    std::vector<std::byte> memory;
    int reads = 0;
    int writes = 0;

private:
    void check(std::uint64_t address, std::size_t size) const {
        if (address > memory.size() || size > memory.size() - address)
            throw hal::DeviceError(hal::ErrorKind::refused, "memory", "access", "no such address");
    }
};

}  // namespace opal::tests
