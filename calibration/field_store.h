// FieldStore: demodulated fields of many frames, written frame by frame and read mode by mode: in
// memory if they fit a limit, else in a scratch file of HDF5 chunks. Between the reader of fields
// and the fits of a matrix, matrix_fit and random_matrix.
#pragma once

#include "calibration/hdf5_handle.h"

#include <complex>
#include <cstddef>
#include <filesystem>
#include <span>
#include <vector>

namespace opal::calibration {

class FieldStore {
public:
    // limit_bytes: of fields in memory. The scratch file is made only if they need more, and goes
    // with the store; of it a row or a column of chunks is in memory, 64 frames or 64 modes. Throws
    // std::runtime_error if it cannot be made, written or read.
    FieldStore(std::size_t frames, std::size_t modes, std::size_t limit_bytes,
               std::filesystem::path scratch);
    ~FieldStore();
    FieldStore(const FieldStore&) = delete;
    FieldStore& operator=(const FieldStore&) = delete;

    std::size_t frames() const { return frames_; }
    std::size_t modes() const { return modes_; }
    bool on_disk() const { return static_cast<bool>(dataset_); }
    // (frames, modes); empty if they are on disk.
    std::span<const std::complex<float>> in_memory() const { return memory_; }
    void write(std::size_t frame, std::span<const std::complex<float>> field);
    // Modes [first, first + count) of all frames: (frames, count).
    void read(std::size_t first, std::size_t count, std::vector<std::complex<float>>& into);

private:
    std::size_t frames_;
    std::size_t modes_;
    std::vector<std::complex<float>> memory_;
    std::filesystem::path scratch_;
    Hdf5Handle file_;
    Hdf5Handle dataset_;  // (frames, 2 modes) float: real and imaginary parts side by side
};

}  // namespace opal::calibration
