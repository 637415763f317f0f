// RunLayout: the HDF5 side of rows.h, shared by writer and reader: where each table lies, its type,
// and how many numbers a row has.
#pragma once

#include "calibration/hdf5_handle.h"
#include "replay/rows.h"

#include <array>
#include <cstddef>

namespace opal::replay {

using calibration::Hdf5Handle;
using calibration::QuietHdf5;

inline constexpr const char* format_name = "opal run recording";
inline constexpr double format_version = 2;

struct TableLayout {
    Table table;
    const char* path;
    std::size_t row_bytes;   // of one number or compound
    std::size_t chunk_rows;  // of the file
};
const std::array<TableLayout, table_count>& table_layouts();

// The type of a table's rows in memory.
Hdf5Handle row_type(Table table);

}  // namespace opal::replay
