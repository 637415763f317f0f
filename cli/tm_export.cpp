// TmExport: see tm_export.h. The record holds (inputs, modes); a file in Fortran order of shape
// (modes, inputs) has the same bytes, and so has what MATLAB makes of HDF5's (inputs, modes).
#include "cli/tm_export.h"

#include "calibration/hdf5_handle.h"
#include "calibration/matrix_uncertainty.h"
#include "calibration/whole_file.h"
#include "cli/exit_code.h"
#include "cli/files.h"
#include "cli/version.h"

#include <fmt/format.h>

#include <complex>
#include <string>
#include <string_view>
#include <vector>

namespace opal::cli {

namespace {

using calibration::Hdf5Handle;

// [NumPy, numpy.lib.format], version 1.0.
std::string npy_bytes(const calibration::Record& record) {
    const calibration::TransmissionMatrix& matrix = *record.matrix;
    std::string header =
        fmt::format("{{'descr': '<c8', 'fortran_order': True, 'shape': ({}, {}), }}",
                    record.holography.modes(), matrix.inputs);
    constexpr std::size_t before = 10;  // magic, version, length
    header.append(63 - (before + header.size()) % 64, ' ');
    header += '\n';
    std::string bytes = "\x93NUMPY\x01";
    bytes += '\0';
    bytes += static_cast<char>(header.size() % 256);
    bytes += static_cast<char>(header.size() / 256);
    bytes += header;
    bytes.append(reinterpret_cast<const char*>(matrix.entries.data()),
                 matrix.entries.size() * sizeof(std::complex<float>));
    return bytes;
}

class H5Image {
public:
    H5Image() {
        const Hdf5Handle access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose);
        H5Pset_fapl_core(access.get(), std::size_t{1} << 20, 0);
        file_ = Hdf5Handle(H5Fcreate("matrix", H5F_ACC_TRUNC, H5P_DEFAULT, access.get()), H5Fclose);
        if (!file_) throw std::runtime_error("HDF5 cannot make a file in memory");
    }
    void dataset(const char* name, const char* unit, const char* meaning, const float* values,
                 hsize_t rows, hsize_t columns) {
        const hsize_t size[2] = {rows, columns};
        const hsize_t chunk[2] = {std::min<hsize_t>(rows, 64), std::min<hsize_t>(columns, 4096)};
        const Hdf5Handle space(H5Screate_simple(2, size, nullptr), H5Sclose);
        const Hdf5Handle how(H5Pcreate(H5P_DATASET_CREATE), H5Pclose);
        H5Pset_chunk(how.get(), 2, chunk);
        H5Pset_fletcher32(how.get());
        const Hdf5Handle d(H5Dcreate2(file_.get(), name, H5T_IEEE_F32LE, space.get(), H5P_DEFAULT,
                                      how.get(), H5P_DEFAULT),
                           H5Dclose);
        if (!d || H5Dwrite(d.get(), H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) < 0)
            throw std::runtime_error(fmt::format("HDF5 cannot write {}", name));
        attribute(d.get(), "unit", unit);
        attribute(d.get(), "meaning", meaning);
    }
    void attribute(const char* name, const std::string& value) {
        attribute(file_.get(), name, value);
    }
    std::vector<std::byte> bytes() {
        H5Fflush(file_.get(), H5F_SCOPE_GLOBAL);
        std::vector<std::byte> image(static_cast<std::size_t>(
            std::max<ssize_t>(H5Fget_file_image(file_.get(), nullptr, 0), 0)));
        if (image.empty() || H5Fget_file_image(file_.get(), image.data(), image.size()) < 0)
            throw std::runtime_error("HDF5 cannot give the file's bytes");
        return image;
    }

private:
    static void attribute(hid_t place, const char* name, const std::string& value) {
        const Hdf5Handle type(H5Tcopy(H5T_C_S1), H5Tclose);
        H5Tset_size(type.get(), value.size() + 1);
        H5Tset_cset(type.get(), H5T_CSET_UTF8);
        const Hdf5Handle space(H5Screate(H5S_SCALAR), H5Sclose);
        const Hdf5Handle a(
            H5Acreate2(place, name, type.get(), space.get(), H5P_DEFAULT, H5P_DEFAULT), H5Aclose);
        if (!a || H5Awrite(a.get(), type.get(), value.c_str()) < 0)
            throw std::runtime_error(fmt::format("HDF5 cannot write the attribute {}", name));
    }
    calibration::QuietHdf5 quiet_;
    Hdf5Handle file_;
};

std::vector<std::byte> h5_bytes(const calibration::Record& record) {
    const calibration::TransmissionMatrix& matrix = *record.matrix;
    const std::size_t modes = record.holography.modes();
    const auto inputs = static_cast<std::size_t>(matrix.inputs);
    H5Image image;
    image.attribute("format", "opal transmission matrix");
    image.attribute("made_by", program_version());
    image.attribute("bench", record.bench_name);
    image.attribute("layout",
                    "real + 1i * imag: field in sqrt(DN) of one input alone. HDF5 and h5py: "
                    "(inputs, modes); MATLAB's h5read: (modes, inputs)");
    std::vector<float> part(matrix.entries.size());
    for (std::size_t k = 0; k < part.size(); ++k) part[k] = matrix.entries[k].real();
    image.dataset("real", "sqrt(DN)", "real part of the entries", part.data(), inputs, modes);
    for (std::size_t k = 0; k < part.size(); ++k) part[k] = matrix.entries[k].imag();
    image.dataset("imag", "sqrt(DN)", "imaginary part of the entries", part.data(), inputs, modes);
    if (record.photon_transfer) {
        const std::vector<float> sigma = calibration::entry_sigma(record);
        image.dataset("sigma", "sqrt(DN)",
                      "standard deviation of the magnitude of an entry's error from repeat to "
                      "repeat; each part has 1/sqrt(2) of it",
                      sigma.data(), inputs, modes);
    }
    if (record.carrier) {
        const std::vector<float> phase = calibration::phase_sigma(record);
        image.dataset("phase_sigma", "rad",
                      "standard deviation of the phase, against the region's centre, that all "
                      "entries of a mode share",
                      phase.data(), 1, modes);
    }
    return image.bytes();
}

}  // namespace

void export_matrix(const calibration::Record& record, const std::filesystem::path& file) {
    const std::string ending = file.extension().string();
    if (ending == ".npy") {
        write_file(file, npy_bytes(record));
    } else if (ending == ".h5" || ending == ".hdf5" || ending == ".mat") {
        calibration::write_whole_file(file, h5_bytes(record), calibration::Predecessor::replaced);
    } else {
        throw BadInput(
            fmt::format("{}: the ending says the format: .npy for NumPy, .h5 for HDF5 "
                        "and MATLAB",
                        file.string()));
    }
}

}  // namespace opal::cli
