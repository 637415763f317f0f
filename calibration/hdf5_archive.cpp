// Hdf5Archive: see hdf5_archive.h. Files are built and read in memory (the library's core driver):
// what reaches the disk is one write of finished bytes, whose every error is seen.
#include "calibration/hdf5_archive.h"

#include <fmt/format.h>

namespace opal::calibration {

namespace {

[[noreturn]] void fail(const std::string& text) {
    throw std::runtime_error(text);
}

hid_t need(hid_t id, const std::string& text) {
    if (id < 0) fail(text);
    return id;
}

constexpr std::size_t image_step = std::size_t{1} << 20;

Hdf5Handle memory_access() {
    Hdf5Handle access(need(H5Pcreate(H5P_FILE_ACCESS), "HDF5 is out of memory"), H5Pclose);
    if (H5Pset_fapl_core(access.get(), image_step, 0) < 0) fail("HDF5 has no core driver");
    return access;
}

template <typename T>
hid_t native();
template <>
hid_t native<double>() {
    return H5T_NATIVE_DOUBLE;
}
template <>
hid_t native<float>() {
    return H5T_NATIVE_FLOAT;
}
template <>
hid_t native<std::int32_t>() {
    return H5T_NATIVE_INT32;
}
template <>
hid_t native<std::int64_t>() {
    return H5T_NATIVE_INT64;
}
template <>
hid_t native<std::uint32_t>() {
    return H5T_NATIVE_UINT32;
}

Hdf5Handle open_dataset(hid_t place, const char* name, const std::string& where) {
    return {need(H5Dopen2(place, name, H5P_DEFAULT), where + " is missing"), H5Dclose};
}

// Of one dataset in a readable form that fits `type`; a text where a number is due would read as
// nonsense.
void check_class(hid_t dataset, hid_t type, const std::string& where) {
    const Hdf5Handle stored(H5Dget_type(dataset), H5Tclose);
    const auto kind = [](hid_t t) {
        const H5T_class_t c = H5Tget_class(t);
        return c == H5T_FLOAT ? H5T_INTEGER : c;  // the library converts between these
    };
    if (!stored || kind(stored.get()) != kind(type)) fail(where + " has another type");
}

// Can the file hold these elements? What is allocated is bounded by what was read, and libhdf5 1.10
// believes the place and size that a damaged header states.
bool fits(hid_t dataset, std::size_t elements, std::size_t file_size) {
    const Hdf5Handle type(H5Dget_type(dataset), H5Tclose);
    const Hdf5Handle how(H5Dget_create_plist(dataset), H5Pclose);
    constexpr std::size_t widest = 64;  // a compound of other programs may be padded
    const std::size_t width = type ? H5Tget_size(type.get()) : 0;
    if (!how || width == 0 || width > widest) return false;
    // Other programs may have packed it, by 1032:1 at best [RFC 1951].
    const std::size_t most = file_size * (H5Pget_nfilters(how.get()) > 1 ? 1032 : 1);
    if (elements > most / width) return false;
    const H5D_layout_t layout = H5Pget_layout(how.get());
    if (layout == H5D_CHUNKED || elements == 0) return true;
    const hsize_t stored = H5Dget_storage_size(dataset);
    if (stored < elements * width) return false;
    if (layout == H5D_COMPACT) return true;
    const haddr_t begin = H5Dget_offset(dataset);
    return begin != HADDR_UNDEF && begin <= file_size && stored <= file_size - begin;
}

}  // namespace

template <typename T>
Hdf5Handle hdf5_type() {
    return {H5Tcopy(native<T>()), H5Tclose};
}
template Hdf5Handle hdf5_type<double>();
template Hdf5Handle hdf5_type<float>();
template Hdf5Handle hdf5_type<std::int32_t>();
template Hdf5Handle hdf5_type<std::int64_t>();
template Hdf5Handle hdf5_type<std::uint32_t>();

template <>
Hdf5Handle hdf5_type<std::complex<float>>() {
    Hdf5Handle type(H5Tcreate(H5T_COMPOUND, sizeof(std::complex<float>)), H5Tclose);
    // h5py's names for a complex number; std::complex<float> is an array of two [C++20, 26.4].
    H5Tinsert(type.get(), "r", 0, H5T_NATIVE_FLOAT);
    H5Tinsert(type.get(), "i", sizeof(float), H5T_NATIVE_FLOAT);
    return type;
}

Hdf5Writer::Hdf5Writer() {
    const Hdf5Handle access = memory_access();
    file_ = Hdf5Handle(need(H5Fcreate("record", H5F_ACC_TRUNC, H5P_DEFAULT, access.get()),
                            "HDF5 cannot make a file in memory"),
                       H5Fclose);
    here_ = Hdf5Handle(H5Gopen2(file_.get(), "/", H5P_DEFAULT), H5Gclose);
}

std::vector<std::byte> Hdf5Writer::image() {
    H5Fflush(file_.get(), H5F_SCOPE_GLOBAL);
    const ssize_t size = H5Fget_file_image(file_.get(), nullptr, 0);
    if (size <= 0) fail("HDF5 cannot give the file's bytes");
    std::vector<std::byte> bytes(static_cast<std::size_t>(size));
    if (H5Fget_file_image(file_.get(), bytes.data(), bytes.size()) != size)
        fail("HDF5 cannot give the file's bytes");
    return bytes;
}

void Hdf5Writer::attribute(const char* name, const std::string& value) {
    const Hdf5Handle type(H5Tcopy(H5T_C_S1), H5Tclose);
    H5Tset_size(type.get(), value.size() + 1);
    H5Tset_cset(type.get(), H5T_CSET_UTF8);
    const Hdf5Handle space(H5Screate(H5S_SCALAR), H5Sclose);
    const Hdf5Handle a(
        H5Acreate2(here_.get(), name, type.get(), space.get(), H5P_DEFAULT, H5P_DEFAULT), H5Aclose);
    if (!a || H5Awrite(a.get(), type.get(), value.c_str()) < 0)
        fail(fmt::format("HDF5 cannot write the attribute {}", name));
}

void Hdf5Writer::attribute(const char* name, double value) {
    const Hdf5Handle space(H5Screate(H5S_SCALAR), H5Sclose);
    const Hdf5Handle a(
        H5Acreate2(here_.get(), name, H5T_IEEE_F64LE, space.get(), H5P_DEFAULT, H5P_DEFAULT),
        H5Aclose);
    if (!a || H5Awrite(a.get(), H5T_NATIVE_DOUBLE, &value) < 0)
        fail(fmt::format("HDF5 cannot write the attribute {}", name));
}

Hdf5Handle Hdf5Writer::enter(const char* name) {
    Hdf5Handle outer = std::move(here_);
    here_ = Hdf5Handle(need(H5Gcreate2(outer.get(), name, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT),
                            fmt::format("HDF5 cannot make the group {}", name)),
                       H5Gclose);
    return outer;
}

void Hdf5Writer::leave(const Hdf5Handle& outer) {
    here_ = Hdf5Handle(H5Gopen2(outer.get(), ".", H5P_DEFAULT), H5Gclose);
}

void Hdf5Writer::dataset(const char* name, const char* unit, hid_t type, const void* data,
                         const Shape& shape, const double* sigma) {
    std::vector<hsize_t> size(shape.begin(), shape.end());
    std::size_t elements = 1;
    for (const hsize_t n : size) elements *= n;
    const Hdf5Handle space(
        size.empty() ? H5Screate(H5S_SCALAR)
                     : H5Screate_simple(static_cast<int>(size.size()), size.data(), nullptr),
        H5Sclose);
    const Hdf5Handle how(H5Pcreate(H5P_DATASET_CREATE), H5Pclose);
    H5Pset_obj_track_times(how.get(), false);  // the same record gives the same bytes
    if (!size.empty() && elements > 0) {       // a checksum needs a chunk; one holds everything
        H5Pset_chunk(how.get(), static_cast<int>(size.size()), size.data());
        H5Pset_fletcher32(how.get());
    }
    const Hdf5Handle d(
        H5Dcreate2(here_.get(), name, type, space.get(), H5P_DEFAULT, how.get(), H5P_DEFAULT),
        H5Dclose);
    if (!d || (elements > 0 && H5Dwrite(d.get(), type, H5S_ALL, H5S_ALL, H5P_DEFAULT, data) < 0))
        fail(fmt::format("HDF5 cannot write the dataset {}", name));
    Hdf5Handle group = std::move(here_);
    here_ = Hdf5Handle(H5Dopen2(group.get(), name, H5P_DEFAULT), H5Dclose);
    if (*unit != '\0') attribute("unit", std::string(unit));
    if (sigma != nullptr) attribute("sigma", *sigma);
    here_ = std::move(group);
}

Hdf5Reader::Hdf5Reader(std::span<const std::byte> image) : image_(image.begin(), image.end()) {
    const Hdf5Handle access = memory_access();
    if (H5Pset_file_image(access.get(), image_.data(), image_.size()) < 0)
        fail("HDF5 cannot take the file's bytes");
    // Half a file has a valid beginning: the library compares the length it states with what is
    // there.
    file_ = Hdf5Handle(need(H5Fopen("record", H5F_ACC_RDONLY, access.get()),
                            "is not an HDF5 file, or it is cut short"),
                       H5Fclose);
    here_ = Hdf5Handle(H5Gopen2(file_.get(), "/", H5P_DEFAULT), H5Gclose);
}

std::string Hdf5Reader::place(const char* name) const {
    std::string path(256, '\0');
    const ssize_t n = H5Iget_name(here_.get(), path.data(), path.size());
    path.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
    return (path == "/" ? "" : path) + "/" + name;
}

std::optional<std::string> Hdf5Reader::attribute(const char* name) const {
    if (H5Aexists(here_.get(), name) <= 0) return std::nullopt;
    const Hdf5Handle a(H5Aopen(here_.get(), name, H5P_DEFAULT), H5Aclose);
    const Hdf5Handle type(H5Aget_type(a.get()), H5Tclose);
    if (!type || H5Tget_class(type.get()) != H5T_STRING || H5Tis_variable_str(type.get()) > 0)
        return std::nullopt;
    std::string value(H5Tget_size(type.get()), '\0');
    if (H5Aread(a.get(), type.get(), value.data()) < 0) return std::nullopt;
    value.resize(std::min(value.find('\0'), value.size()));
    return value;
}

std::optional<double> Hdf5Reader::number_attribute(const char* name) const {
    if (H5Aexists(here_.get(), name) <= 0) return std::nullopt;
    const Hdf5Handle a(H5Aopen(here_.get(), name, H5P_DEFAULT), H5Aclose);
    double value = 0;
    if (!a || H5Aread(a.get(), H5T_NATIVE_DOUBLE, &value) < 0) return std::nullopt;
    return value;
}

void Hdf5Reader::text(const char* name, std::string& value) {
    auto found = attribute(name);
    if (!found) fail(place(name) + " is missing");
    value = std::move(*found);
}

Hdf5Handle Hdf5Reader::enter(const char* name) {
    const std::string where = place(name);
    Hdf5Handle outer = std::move(here_);
    here_ =
        Hdf5Handle(need(H5Gopen2(outer.get(), name, H5P_DEFAULT), where + " is missing"), H5Gclose);
    return outer;
}

void Hdf5Reader::leave(const Hdf5Handle& outer) {
    here_ = Hdf5Handle(H5Gopen2(outer.get(), ".", H5P_DEFAULT), H5Gclose);
}

bool Hdf5Reader::has(const char* name) const {
    return H5Lexists(here_.get(), name, H5P_DEFAULT) > 0;
}

void Hdf5Reader::scalar(const char* name, hid_t type, void* value) {
    const std::string where = place(name);
    if (array_size(name) != 1) fail(where + " is not one number");
    read_array(name, type, value);
}

void Hdf5Reader::measured(const char* name, const char*, Measured& m) {
    scalar(name, hdf5_type<double>().get(), &m.value);
    Hdf5Handle group = std::move(here_);
    here_ = Hdf5Handle(H5Dopen2(group.get(), name, H5P_DEFAULT), H5Dclose);
    m.sigma = number_attribute("sigma").value_or(0);
    here_ = std::move(group);
}

void Hdf5Reader::format(const char* name, hal::PixelFormat& f) {
    std::int32_t bits = 0;
    scalar(name, hdf5_type<std::int32_t>().get(), &bits);
    for (const auto candidate :
         {hal::PixelFormat::mono8, hal::PixelFormat::mono10, hal::PixelFormat::mono12})
        if (hal::bits_of(candidate) == bits) {
            f = candidate;
            return;
        }
    fail(fmt::format("{} is {}; 8, 10 and 12 are possible", place(name), bits));
}

std::size_t Hdf5Reader::array_size(const char* name) {
    const std::string where = place(name);
    const Hdf5Handle d = open_dataset(here_.get(), name, where);
    const Hdf5Handle space(H5Dget_space(d.get()), H5Sclose);
    const hssize_t n = H5Sget_simple_extent_npoints(space.get());
    if (n < 0 || !fits(d.get(), static_cast<std::size_t>(n), image_.size()))
        fail(where + " has an impossible size");
    return static_cast<std::size_t>(n);
}

void Hdf5Reader::read_array(const char* name, hid_t type, void* data) {
    const std::string where = place(name);
    const Hdf5Handle d = open_dataset(here_.get(), name, where);
    check_class(d.get(), type, where);
    if (H5Dread(d.get(), type, H5S_ALL, H5S_ALL, H5P_DEFAULT, data) < 0)
        fail(where + " cannot be read: its checksum is wrong or bytes are missing");
}

}  // namespace opal::calibration
