// Record: everything calibration knows about one bench; the only thing projection/ needs besides
// the bench.
//
// One struct per node of the graph (calibration/nodes/, docs/calibration.md), each with its
// verdict; `timing`, `holography`, `laser_power_mw` are the settings the nodes agreed on. Stored
// as HDF5 with units and provenance as attributes. Rule: a file is written whole or not at all,
// and the record it replaces is kept beside it as <name>.previous.
#pragma once

#include "calibration/acquisition.h"
#include "calibration/demodulator.h"
#include "calibration/nodes/carrier.h"
#include "calibration/nodes/dark.h"
#include "calibration/nodes/drift.h"
#include "calibration/nodes/exposure.h"
#include "calibration/nodes/identity.h"
#include "calibration/nodes/map.h"
#include "calibration/nodes/matrix.h"
#include "calibration/nodes/photon_transfer.h"
#include "calibration/nodes/reference.h"
#include "calibration/nodes/validation.h"
#include "calibration/whole_file.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

namespace opal::calibration {

struct Record {
    // Which bench this record holds for; compared with Bench::identity() before use.
    std::string bench_name;
    std::string bench_identity;
    std::string created_by;  // "opal 0.1.0"
    std::string options;     // what was asked for, one line; a resumed run must ask the same
    int dmd_rows = 0;
    int dmd_columns = 0;
    int inputs = 0;
    std::string layout;  // Layout::fingerprint(): which mirrors those are

    double laser_power_mw = 0;  // the power everything was measured at
    Timing timing;              // exposure, trigger delay, pattern and dark time
    hal::Region survey;         // larger region for dark, carrier
    Holography holography;

    // In the order they are measured. Empty: not measured yet.
    std::optional<Dark> dark;
    std::optional<Exposure> exposure;
    std::optional<Carrier> carrier;
    std::optional<PhotonTransfer> photon_transfer;
    std::optional<Reference> reference;
    std::optional<Map> map;
    Identity identity;  // empty columns: not measured yet
    std::optional<Drift> drift;
    std::optional<TransmissionMatrix> matrix;
    std::optional<Validation> validation;

    // True if every node was measured and passed.
    bool complete() const;
};

// A record file that cannot be read or used; what() is one line: the file, what is wrong, what to
// do.
struct RecordError : std::runtime_error {
    using std::runtime_error::runtime_error;
};

// A record that could not be saved: the disk's fault, not the record's.
struct RecordNotSaved : std::runtime_error {
    using std::runtime_error::runtime_error;
};

// Writes to a temporary file in the same folder, flushes it to the disk and renames; the old file
// is kept as <name>.previous or replaced. Whatever goes wrong, `path` holds the old record or the
// new one. Throws RecordNotSaved.
void save_record(const Record& record, const std::filesystem::path& path,
                 Predecessor predecessor = Predecessor::kept);

// Refuses missing, truncated, foreign and other-version files. Throws RecordError.
Record load_record(const std::filesystem::path& path);

// The same without a disk; `name` stands for the file in messages.
std::vector<std::byte> encode_record(const Record& record);
Record decode_record(std::span<const std::byte> bytes, const std::string& name);

}  // namespace opal::calibration
