// RunReader: see run_reader.h.
#include "replay/run_reader.h"

#include "replay/run_layout.h"

#include <fmt/format.h>

#include <cassert>
#include <cmath>

namespace opal::replay {

namespace {

constexpr std::int64_t most_px =
    16384;  // of a DMD or a sensor, per axis, as in calibration records
constexpr hsize_t most_file_bytes = hsize_t{1} << 31;  // of the files a recording carries, together

class Attributes {
public:
    Attributes(hid_t group, std::string where) : group_(group), where_(std::move(where)) {}

    std::string text(const char* name) const {
        const Hdf5Handle a = open(name);
        const Hdf5Handle type(H5Aget_type(a.get()), H5Tclose);
        if (!type || H5Tget_class(type.get()) != H5T_STRING || H5Tis_variable_str(type.get()) > 0)
            fail(name, "is no text");
        std::string value(H5Tget_size(type.get()), '\0');
        if (H5Aread(a.get(), type.get(), value.data()) < 0) fail(name, "cannot be read");
        value.resize(std::min(value.find('\0'), value.size()));
        return value;
    }
    double number(const char* name) const {
        double value = 0;
        read(name, H5T_NATIVE_DOUBLE, &value);
        if (!std::isfinite(value)) fail(name, "is not finite");
        return value;
    }
    std::int64_t whole(const char* name, std::int64_t least, std::int64_t most) const {
        std::int64_t value = 0;
        read(name, H5T_NATIVE_INT64, &value);
        if (value < least || value > most)
            fail(name, fmt::format("is {}; {} to {} are possible", value, least, most));
        return value;
    }
    int count(const char* name) const { return static_cast<int>(whole(name, 0, 1 << 24)); }
    hal::Duration time(const char* name) const {
        return hal::Duration(whole(name, 0, std::int64_t{1} << 62));
    }

private:
    Hdf5Handle open(const char* name) const {
        Hdf5Handle a(H5Aopen(group_, name, H5P_DEFAULT), H5Aclose);
        if (!a) fail(name, "is missing");
        return a;
    }
    void read(const char* name, hid_t type, void* value) const {
        const Hdf5Handle a = open(name);
        const Hdf5Handle space(H5Aget_space(a.get()), H5Sclose);
        const Hdf5Handle stored(H5Aget_type(a.get()), H5Tclose);
        const H5T_class_t kind = H5Tget_class(stored.get());
        if (H5Sget_simple_extent_npoints(space.get()) != 1 ||
            (kind != H5T_INTEGER && kind != H5T_FLOAT) || H5Aread(a.get(), type, value) < 0)
            fail(name, "is no number");
    }
    [[noreturn]] void fail(const char* name, const std::string& what) const {
        throw RecordingError(fmt::format("{}/{} {}", where_, name, what));
    }
    hid_t group_;
    std::string where_;
};

Hdf5Handle open_group(hid_t place, const char* path) {
    Hdf5Handle group(H5Gopen2(place, path, H5P_DEFAULT), H5Gclose);
    if (!group) throw RecordingError(fmt::format("{} is missing", path));
    return group;
}

hal::PixelFormat format_of(int bits) {
    for (const auto f :
         {hal::PixelFormat::mono8, hal::PixelFormat::mono10, hal::PixelFormat::mono12})
        if (hal::bits_of(f) == bits) return f;
    throw RecordingError(fmt::format("{} bits per pixel; 8, 10 and 12 are possible", bits));
}

BenchFacts read_bench(hid_t file) {
    BenchFacts facts;
    const Hdf5Handle bench = open_group(file, "/bench");
    const Attributes b(bench.get(), "/bench");
    facts.name = b.text("name");
    facts.identity = b.text("identity");
    facts.laser_limit_mw = b.number("laser_limit_mw");

    const Hdf5Handle dmd = open_group(file, "/bench/dmd");
    const Attributes d(dmd.get(), "/bench/dmd");
    facts.dmd = {d.text("model"),
                 d.text("serial"),
                 static_cast<int>(d.whole("rows", 1, most_px)),
                 static_cast<int>(d.whole("columns", 1, most_px)),
                 d.number("pitch_um"),
                 d.time("min_exposure_ns"),
                 d.time("min_dark_ns"),
                 d.time("settle_time_ns"),
                 static_cast<std::uint32_t>(d.whole("memory_patterns", 0, UINT32_MAX)),
                 static_cast<std::uint32_t>(d.whole("max_entries", 0, UINT32_MAX)),
                 d.time("time_step_ns"),
                 d.whole("one_timing", 0, 1) == 1,
                 d.whole("loading_is_slow", 0, 1) == 1};
    if (facts.dmd.time_step < hal::Duration{1})
        throw RecordingError("/bench/dmd/time_step_ns is no step");

    const Hdf5Handle camera = open_group(file, "/bench/camera");
    const Attributes c(camera.get(), "/bench/camera");
    facts.camera = {c.text("model"),
                    c.text("serial"),
                    static_cast<int>(c.whole("sensor_rows", 1, most_px)),
                    static_cast<int>(c.whole("sensor_columns", 1, most_px)),
                    static_cast<int>(c.whole("region_step_px", 1, most_px)),
                    c.number("pitch_um"),
                    {},
                    c.time("min_exposure_ns"),
                    c.time("max_exposure_ns"),
                    c.time("max_trigger_delay_ns")};
    const std::string formats = c.text("formats_bits");
    for (const int bits : {8, 10, 12})
        if ((" " + formats + " ").find(fmt::format(" {} ", bits)) != std::string::npos)
            facts.camera.formats.push_back(format_of(bits));
    if (facts.camera.formats.empty()) throw RecordingError("the camera has no pixel format");
    facts.camera_settings = {{c.count("first_row"), c.count("first_column"), c.count("first_rows"),
                              c.count("first_columns")},
                             format_of(c.count("first_bits")),
                             c.time("first_exposure_ns"),
                             c.time("first_delay_ns"),
                             c.whole("first_trigger", 0, 1) == 0 ? hal::TriggerSource::software
                                                                 : hal::TriggerSource::line};

    const Hdf5Handle laser = open_group(file, "/bench/laser");
    const Attributes l(laser.get(), "/bench/laser");
    facts.laser = {l.text("model"), l.text("serial"), l.number("wavelength_nm"),
                   l.number("max_power_mw"), l.time("warm_up_ns")};
    return facts;
}

std::vector<std::pair<std::string, std::string>> read_about(hid_t file) {
    const Hdf5Handle about = open_group(file, "/about");
    const Attributes attributes(about.get(), "/about");
    std::vector<std::pair<std::string, std::string>> pairs;
    std::vector<std::string> names;
    hsize_t at = 0;
    H5Aiterate2(
        about.get(), H5_INDEX_NAME, H5_ITER_NATIVE, &at,
        [](hid_t, const char* name, const H5A_info_t*, void* into) -> herr_t {
            static_cast<std::vector<std::string>*>(into)->emplace_back(name);
            return 0;
        },
        &names);
    for (const std::string& name : names) pairs.emplace_back(name, attributes.text(name.c_str()));
    return pairs;
}

std::vector<RunFile> read_files(hid_t file) {
    const Hdf5Handle group = open_group(file, "/files");
    std::vector<RunFile> files;
    std::vector<std::string> names;
    H5Literate(
        group.get(), H5_INDEX_NAME, H5_ITER_NATIVE, nullptr,
        [](hid_t, const char* name, const H5L_info_t*, void* into) -> herr_t {
            static_cast<std::vector<std::string>*>(into)->emplace_back(name);
            return 0;
        },
        &names);
    hsize_t left = most_file_bytes;
    for (const std::string& name : names) {
        const Hdf5Handle d(H5Dopen2(group.get(), name.c_str(), H5P_DEFAULT), H5Dclose);
        const Hdf5Handle space(H5Dget_space(d.get()), H5Sclose);
        const hssize_t size = H5Sget_simple_extent_npoints(space.get());
        // They are stored as they are: an extent beyond what is stored is a lie about memory.
        if (!d || size < 0 || static_cast<hsize_t>(size) > left ||
            static_cast<hsize_t>(size) > H5Dget_storage_size(d.get()))
            throw RecordingError(fmt::format("/files/{} has an impossible size", name));
        left -= static_cast<hsize_t>(size);
        RunFile f{name, std::vector<std::byte>(static_cast<std::size_t>(size))};
        if (size > 0 &&
            H5Dread(d.get(), H5T_NATIVE_UINT8, H5S_ALL, H5S_ALL, H5P_DEFAULT, f.bytes.data()) < 0)
            throw RecordingError(
                fmt::format("/files/{} cannot be read: its checksum is wrong", name));
        files.push_back(std::move(f));
    }
    return files;
}

}  // namespace

struct RunReader::State {
    struct Column {
        Hdf5Handle dataset;
        Hdf5Handle type;
        hsize_t width = 1;
        hsize_t rows = 0;
    };
    QuietHdf5 quiet;
    std::string name;
    Hdf5Handle file;
    RunFacts facts;
    std::array<Column, table_count> columns;

    void open_tables() {
        for (const TableLayout& layout : table_layouts()) {
            Column& c = columns[static_cast<std::size_t>(layout.table)];
            c.type = row_type(layout.table);
            if (layout.table == Table::lines)
                c.width = static_cast<hsize_t>((facts.bench.dmd.columns + 63) / 64);
            c.dataset = Hdf5Handle(H5Dopen2(file.get(), layout.path, H5P_DEFAULT), H5Dclose);
            if (!c.dataset) throw RecordingError(fmt::format("{} is missing", layout.path));
            const Hdf5Handle space(H5Dget_space(c.dataset.get()), H5Sclose);
            hsize_t size[2] = {0, 1};
            const int rank = c.width > 1 ? 2 : 1;
            if (H5Sget_simple_extent_ndims(space.get()) != rank ||
                H5Sget_simple_extent_dims(space.get(), size, nullptr) != rank ||
                (rank == 2 && size[1] != c.width))
                throw RecordingError(fmt::format("{} has an impossible shape", layout.path));
            const Hdf5Handle stored(H5Dget_type(c.dataset.get()), H5Tclose);
            if (H5Tget_class(stored.get()) != H5Tget_class(c.type.get()))
                throw RecordingError(fmt::format("{} has another type", layout.path));
            c.rows = size[0];
        }
    }
};

RunReader::RunReader(const std::filesystem::path& file) : state_(std::make_unique<State>()) {
    State& s = *state_;
    s.name = file.string();
    const auto refuse = [&](const std::string& why) {
        throw RecordingError(fmt::format("{}: {}", s.name, why));
    };
    if (!std::filesystem::exists(file)) refuse("there is no such recording");
    // A writer that was killed leaves its mark in the file; readers of single-writer mode pass it.
    s.file = Hdf5Handle(H5Fopen(s.name.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT), H5Fclose);
    if (!s.file)
        s.file = Hdf5Handle(
            H5Fopen(s.name.c_str(), H5F_ACC_RDONLY | H5F_ACC_SWMR_READ, H5P_DEFAULT), H5Fclose);
    if (!s.file) refuse("is not an HDF5 file, or it is cut short");
    try {
        const Attributes root(s.file.get(), "");
        if (H5Aexists(s.file.get(), "format") <= 0 || root.text("format") != format_name)
            refuse("is an HDF5 file, but not a recording of opal");
        if (root.number("version") != format_version)
            refuse(fmt::format("is a recording of version {:g}; this program reads version {:g}",
                               root.number("version"), format_version));
        s.facts.bench = read_bench(s.file.get());
        s.facts.about = read_about(s.file.get());
        s.facts.files = read_files(s.file.get());
        s.open_tables();
    } catch (const RecordingError& e) {
        if (std::string(e.what()).starts_with(s.name + ":")) throw;
        refuse(e.what());
    }
}

RunReader::~RunReader() = default;

const std::string& RunReader::name() const {
    return state_->name;
}

const RunFacts& RunReader::facts() const {
    return state_->facts;
}

std::uint64_t RunReader::rows(Table table) const {
    return state_->columns[static_cast<std::size_t>(table)].rows;
}

void RunReader::read(Table table, std::uint64_t first, std::size_t count, void* into) {
    if (count == 0) return;
    const State::Column& c = state_->columns[static_cast<std::size_t>(table)];
    assert(first <= c.rows && count <= c.rows - first);
    const hsize_t begin[2] = {first, 0};
    const hsize_t extent[2] = {count, c.width};
    const Hdf5Handle space(H5Dget_space(c.dataset.get()), H5Sclose);
    H5Sselect_hyperslab(space.get(), H5S_SELECT_SET, begin, nullptr, extent, nullptr);
    const Hdf5Handle memory(H5Screate_simple(c.width > 1 ? 2 : 1, extent, nullptr), H5Sclose);
    if (H5Dread(c.dataset.get(), c.type.get(), memory.get(), space.get(), H5P_DEFAULT, into) < 0)
        throw RecordingError(
            fmt::format("{}: rows {} to {} of {} cannot be read: a checksum is wrong or bytes are "
                        "missing",
                        state_->name, first, first + count,
                        table_layouts()[static_cast<std::size_t>(table)].path));
}

}  // namespace opal::replay
