// RunWriter: see run_writer.h. What events point at is written before the events themselves.
#include "replay/run_writer.h"

#include "replay/run_layout.h"

#include <fmt/format.h>

#include <cstring>

namespace opal::replay {

namespace {

constexpr std::size_t buffer_bytes = std::size_t{1} << 20;  // of one table, before it is written

void put(hid_t place, const char* name, hid_t type, hid_t stored, const void* value) {
    const Hdf5Handle space(H5Screate(H5S_SCALAR), H5Sclose);
    const Hdf5Handle a(H5Acreate2(place, name, stored, space.get(), H5P_DEFAULT, H5P_DEFAULT),
                       H5Aclose);
    if (!a || H5Awrite(a.get(), type, value) < 0)
        throw RecordingError(fmt::format("HDF5 cannot write the attribute {}", name));
}
void put(hid_t place, const char* name, const std::string& value) {
    const Hdf5Handle type(H5Tcopy(H5T_C_S1), H5Tclose);
    H5Tset_size(type.get(), value.size() + 1);
    H5Tset_cset(type.get(), H5T_CSET_UTF8);
    put(place, name, type.get(), type.get(), value.c_str());
}
void put(hid_t place, const char* name, double value) {
    put(place, name, H5T_NATIVE_DOUBLE, H5T_IEEE_F64LE, &value);
}
void put(hid_t place, const char* name, std::int64_t value) {
    put(place, name, H5T_NATIVE_INT64, H5T_STD_I64LE, &value);
}
void put(hid_t place, const char* name, hal::Duration value) {
    put(place, name, static_cast<std::int64_t>(value.count()));
}
void put(hid_t place, const char* name, int value) {
    put(place, name, static_cast<std::int64_t>(value));
}

Hdf5Handle make_group(hid_t place, const char* name) {
    Hdf5Handle group(H5Gcreate2(place, name, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT), H5Gclose);
    if (!group) throw RecordingError(fmt::format("HDF5 cannot make the group {}", name));
    return group;
}

void write_facts(hid_t file, const RunFacts& facts) {
    put(file, "format", std::string(format_name));
    put(file, "version", format_version);
    const Hdf5Handle about = make_group(file, "about");
    for (const auto& [name, value] : facts.about) put(about.get(), name.c_str(), value);
    const Hdf5Handle bench = make_group(file, "bench");
    put(bench.get(), "name", facts.bench.name);
    put(bench.get(), "identity", facts.bench.identity);
    put(bench.get(), "laser_limit_mw", facts.bench.laser_limit_mw);

    const Hdf5Handle dmd = make_group(bench.get(), "dmd");
    const hal::DmdInfo& d = facts.bench.dmd;
    put(dmd.get(), "model", d.model);
    put(dmd.get(), "serial", d.serial);
    put(dmd.get(), "rows", d.rows);
    put(dmd.get(), "columns", d.columns);
    put(dmd.get(), "pitch_um", d.pitch_um);
    put(dmd.get(), "min_exposure_ns", d.min_exposure);
    put(dmd.get(), "min_dark_ns", d.min_dark);
    put(dmd.get(), "settle_time_ns", d.settle_time);
    put(dmd.get(), "memory_patterns", std::int64_t{d.memory_patterns});
    put(dmd.get(), "max_entries", std::int64_t{d.max_entries});
    put(dmd.get(), "time_step_ns", d.time_step);
    put(dmd.get(), "one_timing", d.one_timing ? 1 : 0);
    put(dmd.get(), "loading_is_slow", d.loading_is_slow ? 1 : 0);

    const Hdf5Handle camera = make_group(bench.get(), "camera");
    const hal::CameraInfo& c = facts.bench.camera;
    put(camera.get(), "model", c.model);
    put(camera.get(), "serial", c.serial);
    put(camera.get(), "sensor_rows", c.sensor_rows);
    put(camera.get(), "sensor_columns", c.sensor_columns);
    put(camera.get(), "region_step_px", c.region_step_px);
    put(camera.get(), "pitch_um", c.pitch_um);
    put(camera.get(), "min_exposure_ns", c.min_exposure);
    put(camera.get(), "max_exposure_ns", c.max_exposure);
    put(camera.get(), "max_trigger_delay_ns", c.max_trigger_delay);
    std::string formats;
    for (const hal::PixelFormat f : c.formats)
        formats += fmt::format("{}{}", formats.empty() ? "" : " ", hal::bits_of(f));
    put(camera.get(), "formats_bits", formats);
    const hal::CameraSettings& s = facts.bench.camera_settings;
    put(camera.get(), "first_row", s.region.row);
    put(camera.get(), "first_column", s.region.column);
    put(camera.get(), "first_rows", s.region.rows);
    put(camera.get(), "first_columns", s.region.columns);
    put(camera.get(), "first_bits", hal::bits_of(s.format));
    put(camera.get(), "first_exposure_ns", s.exposure);
    put(camera.get(), "first_delay_ns", s.trigger_delay);
    put(camera.get(), "first_trigger", static_cast<int>(s.trigger));

    const Hdf5Handle laser = make_group(bench.get(), "laser");
    const hal::LaserInfo& l = facts.bench.laser;
    put(laser.get(), "model", l.model);
    put(laser.get(), "serial", l.serial);
    put(laser.get(), "wavelength_nm", l.wavelength_nm);
    put(laser.get(), "max_power_mw", l.max_power_mw);
    put(laser.get(), "warm_up_ns", l.warm_up);
}

void write_files(hid_t file, const std::vector<RunFile>& files) {
    const Hdf5Handle group = make_group(file, "files");
    for (const RunFile& f : files) {
        const hsize_t size = f.bytes.size();
        const Hdf5Handle space(H5Screate_simple(1, &size, nullptr), H5Sclose);
        const Hdf5Handle how(H5Pcreate(H5P_DATASET_CREATE), H5Pclose);
        if (size > 0) {
            const hsize_t chunk = std::min<hsize_t>(size, buffer_bytes);
            H5Pset_chunk(how.get(), 1, &chunk);
            H5Pset_fletcher32(how.get());
        }
        const Hdf5Handle d(H5Dcreate2(group.get(), f.name.c_str(), H5T_STD_U8LE, space.get(),
                                      H5P_DEFAULT, how.get(), H5P_DEFAULT),
                           H5Dclose);
        if (!d || (size > 0 && H5Dwrite(d.get(), H5T_NATIVE_UINT8, H5S_ALL, H5S_ALL, H5P_DEFAULT,
                                        f.bytes.data()) < 0))
            throw RecordingError(fmt::format("HDF5 cannot store the file {}", f.name));
    }
}

}  // namespace

struct RunWriter::State {
    struct Column {
        Hdf5Handle dataset;
        Hdf5Handle type;
        std::size_t row_bytes = 0;
        hsize_t width = 1;  // numbers of a row: more than one for lines
        hsize_t written = 0;
        std::vector<std::byte> buffer;
        std::uint64_t rows() const { return written + buffer.size() / row_bytes; }
    };
    QuietHdf5 quiet;
    std::string name;
    Hdf5Handle file;
    std::array<Column, table_count> columns;

    [[noreturn]] void fail(const std::string& what) const {
        throw RecordingError(
            fmt::format("{}: the recording cannot be written: {}; is the disk full?", name, what));
    }
    void write(Column& c) {
        if (c.buffer.empty()) return;
        const hsize_t count = c.buffer.size() / c.row_bytes;
        const hsize_t size[2] = {c.written + count, c.width};
        const hsize_t first[2] = {c.written, 0};
        const hsize_t extent[2] = {count, c.width};
        const int rank = c.width > 1 ? 2 : 1;
        if (H5Dset_extent(c.dataset.get(), size) < 0) fail("a table cannot grow");
        const Hdf5Handle space(H5Dget_space(c.dataset.get()), H5Sclose);
        H5Sselect_hyperslab(space.get(), H5S_SELECT_SET, first, nullptr, extent, nullptr);
        const Hdf5Handle memory(H5Screate_simple(rank, extent, nullptr), H5Sclose);
        if (H5Dwrite(c.dataset.get(), c.type.get(), memory.get(), space.get(), H5P_DEFAULT,
                     c.buffer.data()) < 0)
            fail("rows cannot be written");
        c.written += count;
        c.buffer.clear();
    }
};

RunWriter::RunWriter(const std::filesystem::path& file, const RunFacts& facts)
    : state_(std::make_unique<State>()) {
    State& s = *state_;
    s.name = file.string();
    if (std::filesystem::exists(file)) {
        // Nobody loses a calibration record to a slip of the fingers.
        const Hdf5Handle old(
            H5Fopen(s.name.c_str(), H5F_ACC_RDONLY | H5F_ACC_SWMR_READ, H5P_DEFAULT), H5Fclose);
        if (!old || H5Lexists(old.get(), "events", H5P_DEFAULT) <= 0)
            throw RecordingError(fmt::format(
                "{}: there is a file of that name, and it is no recording; name another one (a "
                "calibration record is named with --calibration)",
                s.name));
    }
    const Hdf5Handle access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose);
    H5Pset_libver_bounds(access.get(), H5F_LIBVER_V110, H5F_LIBVER_V110);
    s.file =
        Hdf5Handle(H5Fcreate(s.name.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, access.get()), H5Fclose);
    if (!s.file)
        throw RecordingError(fmt::format(
            "{}: the recording cannot be made there: {}", s.name,
            std::filesystem::is_directory(file.parent_path().empty() ? "." : file.parent_path())
                ? "no permission, or another program uses it"
                : "there is no such folder"));
    write_facts(s.file.get(), facts);
    write_files(s.file.get(), facts.files);
    const Hdf5Handle intermediate(H5Pcreate(H5P_LINK_CREATE), H5Pclose);
    H5Pset_create_intermediate_group(intermediate.get(), 1);
    for (const TableLayout& layout : table_layouts()) {
        State::Column& c = s.columns[static_cast<std::size_t>(layout.table)];
        c.type = row_type(layout.table);
        if (layout.table == Table::lines)
            c.width = static_cast<hsize_t>((facts.bench.dmd.columns + 63) / 64);
        c.row_bytes = layout.row_bytes * c.width;
        const int rank = c.width > 1 ? 2 : 1;
        const hsize_t none[2] = {0, c.width};
        const hsize_t most[2] = {H5S_UNLIMITED, c.width};
        const hsize_t chunk[2] = {layout.chunk_rows, c.width};
        const Hdf5Handle space(H5Screate_simple(rank, none, most), H5Sclose);
        const Hdf5Handle how(H5Pcreate(H5P_DATASET_CREATE), H5Pclose);
        H5Pset_chunk(how.get(), rank, chunk);
        H5Pset_fletcher32(how.get());
        c.dataset = Hdf5Handle(H5Dcreate2(s.file.get(), layout.path, c.type.get(), space.get(),
                                          intermediate.get(), how.get(), H5P_DEFAULT),
                               H5Dclose);
        if (!c.dataset) s.fail(fmt::format("HDF5 cannot make the table {}", layout.path));
    }
    if (H5Fstart_swmr_write(s.file.get()) < 0) s.fail("HDF5 cannot enter single-writer mode");
}

RunWriter::~RunWriter() {
    try {
        close();
    } catch (const std::exception&) {
        // close() tells whoever calls it; a destructor has nobody to tell.
    }
}

std::uint64_t RunWriter::rows(Table table) const {
    return state_->columns[static_cast<std::size_t>(table)].rows();
}

void RunWriter::append(Table table, const void* rows, std::size_t count) {
    State::Column& c = state_->columns[static_cast<std::size_t>(table)];
    const auto* const bytes = static_cast<const std::byte*>(rows);
    c.buffer.insert(c.buffer.end(), bytes, bytes + count * c.row_bytes);
    if (c.buffer.size() < buffer_bytes) return;
    if (table == Table::events)
        flush();
    else
        state_->write(c);
}

void RunWriter::flush() {
    State& s = *state_;
    if (!s.file) return;
    // Events last: no reader sees one whose rows are not there.
    for (auto c = s.columns.rbegin(); c != s.columns.rend(); ++c) {
        s.write(*c);
        if (H5Dflush(c->dataset.get()) < 0) s.fail("the file cannot be flushed");
    }
}

void RunWriter::close() {
    if (!state_->file) return;
    flush();
    for (State::Column& c : state_->columns) c.dataset = {};
    state_->file = {};
}

}  // namespace opal::replay
