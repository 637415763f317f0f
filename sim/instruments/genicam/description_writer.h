// DescriptionWriter: a GenICam description, feature by feature: XML nodes over registers, in
// categories. Stands between what a virtual camera can do and the file its clients read.
#pragma once

#include "sim/instruments/genicam/camera_memory.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace opal::sim {

class DescriptionWriter {
public:
    // `name_space`: of the standard features, "GEV" or "U3V".
    DescriptionWriter(std::string model, std::string name_space, CameraMemory::Order order);

    void category(std::string name) { categories_.emplace_back(std::move(name), ""); }
    // A feature of the present category, with the inside of its node.
    void own(std::string_view element, std::string_view name, const std::string& body);
    // Behind a feature, not in a category.
    void add(std::string_view element, std::string_view name, const std::string& body);
    // The register behind a feature; returns the reference to it.
    std::string reg(std::string_view name, std::uint32_t address, const char* access,
                    const std::string& more = {});
    // Some of its bits, counted as the wire's standard counts them.
    std::string bits(std::string_view name, std::uint32_t address, int msb, int lsb,
                     const char* access);
    void integer(std::string_view name, std::uint32_t address, const char* access,
                 const std::string& more, const std::string& more_of_register = {});
    void boolean(std::string_view name, std::uint32_t address, const std::string& more = {});
    void command(std::string_view name, std::uint32_t address, unsigned number = 1,
                 const std::string& more = {});
    void enumeration(std::string_view name, std::uint32_t address, const char* access,
                     const std::vector<std::pair<const char*, std::uint32_t>>& entries,
                     const std::string& more = {});
    // A double of `scale` register steps per unit.
    void scaled(std::string_view name, std::uint32_t address, const char* access, double scale,
                const char* unit, const std::string& more, const char* sign = "Unsigned");
    void text(std::string_view name, std::uint32_t address, unsigned length, const char* access);
    // A register of so many bytes in the chunk `id`.
    void chunk(std::string_view name, std::uint32_t id, unsigned length);

    std::string document() const;

private:
    void list(std::string_view name);
    std::string byte_order() const;

    const std::string model_;
    const std::string name_space_;
    const CameraMemory::Order order_;
    std::vector<std::pair<std::string, std::string>> categories_;
    std::string nodes_;
};

// Of features that shape frames: not while frames are being taken.
inline constexpr const char* locked_while_streaming = "<pIsLocked>TLParamsLocked</pIsLocked>";

}  // namespace opal::sim
