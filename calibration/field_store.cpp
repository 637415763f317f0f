// FieldStore: see field_store.h.
#include "calibration/field_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <stdexcept>
#include <system_error>

namespace opal::calibration {

namespace {

constexpr hsize_t chunk_frames = 64;
constexpr hsize_t chunk_modes = 64;

hsize_t chunks_of(std::size_t count, hsize_t each) {
    return (count + each - 1) / each;
}

}  // namespace

FieldStore::FieldStore(std::size_t frames, std::size_t modes, std::size_t limit_bytes,
                       std::filesystem::path scratch)
    : frames_(frames), modes_(modes), scratch_(std::move(scratch)) {
    assert(frames > 0 && modes > 0);
    if (frames * modes * sizeof(std::complex<float>) <= limit_bytes) {
        memory_.resize(frames * modes);
        return;
    }
    const QuietHdf5 quiet;
    file_ =
        Hdf5Handle(H5Fcreate(scratch_.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT), H5Fclose);
    const hsize_t size[2] = {frames, 2 * modes};
    const hsize_t chunk[2] = {std::min<hsize_t>(frames, chunk_frames),
                              std::min<hsize_t>(2 * modes, 2 * chunk_modes)};
    const Hdf5Handle space(H5Screate_simple(2, size, nullptr), H5Sclose);
    const Hdf5Handle how(H5Pcreate(H5P_DATASET_CREATE), H5Pclose);
    H5Pset_chunk(how.get(), 2, chunk);
    H5Pset_fletcher32(how.get());
    // Frames are written one by one and modes read few at a time: without room for the chunks that
    // either goes through, each chunk would be read and written 64 times.
    const Hdf5Handle access(H5Pcreate(H5P_DATASET_ACCESS), H5Pclose);
    const hsize_t held =
        std::max(chunks_of(modes, chunk_modes), chunks_of(frames, chunk_frames)) + 1;
    constexpr std::size_t slots = 100003;  // a prime, as HDF5 wants it
    H5Pset_chunk_cache(access.get(), slots, held * chunk[0] * chunk[1] * sizeof(float), 1.0);
    if (file_)
        dataset_ = Hdf5Handle(H5Dcreate2(file_.get(), "fields", H5T_IEEE_F32LE, space.get(),
                                         H5P_DEFAULT, how.get(), access.get()),
                              H5Dclose);
    if (!dataset_)
        throw std::runtime_error(
            fmt::format("{}: no room for {} fields of {} modes ({} bytes), which do not fit the "
                        "memory limit of {} bytes",
                        scratch_.string(), frames, modes,
                        frames * modes * sizeof(std::complex<float>), limit_bytes));
}

FieldStore::~FieldStore() {
    dataset_ = {};
    if (!file_) return;
    file_ = {};
    std::error_code ignored;
    std::filesystem::remove(scratch_, ignored);
}

void FieldStore::write(std::size_t frame, std::span<const std::complex<float>> field) {
    assert(frame < frames_ && field.size() == modes_);
    if (!on_disk()) {
        std::copy(field.begin(), field.end(),
                  memory_.begin() + static_cast<std::ptrdiff_t>(frame * modes_));
        return;
    }
    const QuietHdf5 quiet;
    const hsize_t first[2] = {frame, 0};
    const hsize_t count[2] = {1, 2 * modes_};
    const Hdf5Handle space(H5Dget_space(dataset_.get()), H5Sclose);
    H5Sselect_hyperslab(space.get(), H5S_SELECT_SET, first, nullptr, count, nullptr);
    const Hdf5Handle memory(H5Screate_simple(2, count, nullptr), H5Sclose);
    if (H5Dwrite(dataset_.get(), H5T_NATIVE_FLOAT, memory.get(), space.get(), H5P_DEFAULT,
                 field.data()) < 0)
        throw std::runtime_error(
            fmt::format("{}: fields cannot be written; is the disk full?", scratch_.string()));
}

void FieldStore::read(std::size_t first, std::size_t count,
                      std::vector<std::complex<float>>& into) {
    assert(first + count <= modes_);
    into.resize(frames_ * count);
    if (!on_disk()) {
        for (std::size_t f = 0; f < frames_; ++f)
            std::copy_n(memory_.begin() + static_cast<std::ptrdiff_t>(f * modes_ + first), count,
                        into.begin() + static_cast<std::ptrdiff_t>(f * count));
        return;
    }
    const QuietHdf5 quiet;
    const hsize_t begin[2] = {0, 2 * first};
    const hsize_t size[2] = {frames_, 2 * count};
    const Hdf5Handle space(H5Dget_space(dataset_.get()), H5Sclose);
    H5Sselect_hyperslab(space.get(), H5S_SELECT_SET, begin, nullptr, size, nullptr);
    const Hdf5Handle memory(H5Screate_simple(2, size, nullptr), H5Sclose);
    if (H5Dread(dataset_.get(), H5T_NATIVE_FLOAT, memory.get(), space.get(), H5P_DEFAULT,
                into.data()) < 0)
        throw std::runtime_error(
            fmt::format("{}: fields cannot be read back: a checksum is wrong or bytes are missing",
                        scratch_.string()));
}

}  // namespace opal::calibration
