// TmExport: a transmission matrix as files other programs read.
//
//   .npy  '<c8', shape (modes, inputs): field = T @ d
//   .h5   real, imag and sigma as float32 datasets, plain enough for MATLAB's h5read
#pragma once

#include "calibration/record.h"

#include <filesystem>

namespace opal::cli {

// By the file's ending. Throws BadInput for another one, std::runtime_error if the disk will not.
void export_matrix(const calibration::Record& record, const std::filesystem::path& file);

}  // namespace opal::cli
