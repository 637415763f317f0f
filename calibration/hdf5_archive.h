// Hdf5Archive: the two archives of record_fields.h that turn a record into an HDF5 file image and
// back. Numbers and arrays become datasets with an attribute `unit` (and `sigma`, one standard
// uncertainty, where there is one), texts become string attributes of their group. Complex numbers
// are compounds {r, i} of float: h5py's complex64. Arrays carry a Fletcher-32 checksum.
//
// Rule: what a reader does not find keeps its default if it is optional (a node not measured), and
// is an error otherwise. Errors are std::runtime_error with a text that fits behind a file's name.
#pragma once

#include "calibration/hdf5_handle.h"
#include "calibration/record_fields.h"

#include <complex>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>

namespace opal::calibration {

// The HDF5 type of T in memory; wide enough for every field of a record.
template <typename T>
Hdf5Handle hdf5_type();

class Hdf5Writer {
public:
    Hdf5Writer();
    std::vector<std::byte> image();  // the finished file; call once, last

    void attribute(const char* name, const std::string& value);
    void attribute(const char* name, double value);

    void text(const char* name, const std::string& value) { attribute(name, value); }
    template <typename T>
    void number(const char* name, const char* unit, const T& value) {
        if constexpr (std::is_same_v<T, bool>) {
            const auto byte = static_cast<std::int32_t>(value);
            dataset(name, unit, hdf5_type<std::int32_t>().get(), &byte, {});
        } else {
            dataset(name, unit, hdf5_type<T>().get(), &value, {});
        }
    }
    void measured(const char* name, const char* unit, const Measured& m) {
        dataset(name, unit, hdf5_type<double>().get(), &m.value, {}, &m.sigma);
    }
    void time(const char* name, const hal::Duration& d) {
        const std::int64_t ns = d.count();
        dataset(name, "ns", hdf5_type<std::int64_t>().get(), &ns, {});
    }
    void format(const char* name, const hal::PixelFormat& f) {
        number(name, "bit", hal::bits_of(f));
    }
    template <typename T>
    void array(const char* name, const char* unit, const std::vector<T>& values,
               const Shape& shape) {
        dataset(name, unit, hdf5_type<T>().get(), values.data(), shape);
    }
    template <typename T>
    void list(const char* name, std::vector<T>& values) {
        const Hdf5Handle outer = enter(name);
        for (std::size_t i = 0; i < values.size(); ++i) group(std::to_string(i).c_str(), values[i]);
        leave(outer);
    }
    template <typename T>
    void group(const char* name, T& value) {
        const Hdf5Handle outer = enter(name);
        fields(*this, value);
        leave(outer);
    }
    template <typename T>
    void group(const char* name, std::optional<T>& value) {
        if (value) group(name, *value);
    }

private:
    Hdf5Handle enter(const char* name);  // returns a second handle to the group left behind
    void leave(const Hdf5Handle& outer);
    void dataset(const char* name, const char* unit, hid_t type, const void* data,
                 const Shape& shape, const double* sigma = nullptr);

    QuietHdf5 quiet_;
    Hdf5Handle file_;
    Hdf5Handle here_;
};

class Hdf5Reader {
public:
    explicit Hdf5Reader(std::span<const std::byte> image);

    std::optional<std::string> attribute(const char* name) const;
    std::optional<double> number_attribute(const char* name) const;

    void text(const char* name, std::string& value);
    template <typename T>
    void number(const char* name, const char*, T& value) {
        if constexpr (std::is_same_v<T, bool>) {
            std::int32_t byte = 0;
            scalar(name, hdf5_type<std::int32_t>().get(), &byte);
            value = byte != 0;
        } else {
            scalar(name, hdf5_type<T>().get(), &value);
        }
    }
    void measured(const char* name, const char*, Measured& m);
    void time(const char* name, hal::Duration& d) {
        std::int64_t ns = 0;
        scalar(name, hdf5_type<std::int64_t>().get(), &ns);
        d = hal::Duration(ns);
    }
    void format(const char* name, hal::PixelFormat& f);
    template <typename T>
    void array(const char* name, const char*, std::vector<T>& values, const Shape&) {
        values.resize(array_size(name));
        if (!values.empty()) read_array(name, hdf5_type<T>().get(), values.data());
    }
    template <typename T>
    void list(const char* name, std::vector<T>& values) {
        const Hdf5Handle outer = enter(name);
        values.clear();
        while (has(std::to_string(values.size()).c_str())) {
            const std::string item = std::to_string(values.size());
            group(item.c_str(), values.emplace_back());
        }
        leave(outer);
    }
    template <typename T>
    void group(const char* name, T& value) {
        const Hdf5Handle outer = enter(name);
        fields(*this, value);
        leave(outer);
    }
    template <typename T>
    void group(const char* name, std::optional<T>& value) {
        value.reset();
        if (has(name)) group(name, value.emplace());
    }

private:
    Hdf5Handle enter(const char* name);
    void leave(const Hdf5Handle& outer);
    bool has(const char* name) const;
    void scalar(const char* name, hid_t type, void* value);
    std::size_t array_size(const char* name);
    void read_array(const char* name, hid_t type, void* data);
    std::string place(const char* name) const;  // for messages: "/carrier/rows_cpp"

    QuietHdf5 quiet_;
    std::vector<std::byte> image_;
    Hdf5Handle file_;
    Hdf5Handle here_;
};

}  // namespace opal::calibration
