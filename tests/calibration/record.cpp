// Records on disk: what goes in comes out, h5py reads it too, and no broken file or full disk does
// harm.
#include "calibration/record.h"
#include "tests/calibration/sample_record.h"

#include <doctest/doctest.h>

#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>

using namespace opal;
using calibration::load_record;
using calibration::Record;
using calibration::RecordError;
using calibration::RecordNotSaved;
using calibration::save_record;
using tests::sample_record;
namespace fs = std::filesystem;

namespace {

// A folder of this test's own, removed with all it holds.
class Folder {
public:
    Folder() {
        std::string name = (fs::temp_directory_path() / "opal-record-XXXXXX").string();
        REQUIRE(::mkdtemp(name.data()) != nullptr);
        path_ = name;
    }
    ~Folder() {
        std::error_code ignored;
        fs::remove_all(path_, ignored);
    }
    fs::path operator/(const char* name) const { return path_ / name; }
    const fs::path& path() const { return path_; }

private:
    fs::path path_;
};

std::string bytes_of(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

void write(const fs::path& path, const std::string& bytes) {
    std::ofstream(path, std::ios::binary) << bytes;
}

std::string error_of(const fs::path& path) {
    try {
        load_record(path);
    } catch (const RecordError& e) {
        const std::string text = e.what();
        CHECK(text.find('\n') == std::string::npos);
        CHECK(text.find(path.string()) == 0);
        return text;
    }
    FAIL("accepted");
    return {};
}

bool contains(const std::string& text, const char* part) {
    return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a record read back is the record written") {
    const Folder folder;
    const Record r = sample_record();
    save_record(r, folder / "lab.h5");
    const Record back = load_record(folder / "lab.h5");
    CHECK(back.bench_name == r.bench_name);
    CHECK(back.bench_identity == r.bench_identity);
    CHECK(back.created_by == r.created_by);
    CHECK(back.options == r.options);
    CHECK(back.dmd_rows == 1080);
    CHECK(back.dmd_columns == 1920);
    CHECK(back.inputs == 3);
    CHECK(back.laser_power_mw == 41.25);
    CHECK(back.timing == r.timing);
    CHECK(back.survey == r.survey);
    CHECK(back.holography.region == r.holography.region);
    CHECK(back.holography.format == hal::PixelFormat::mono10);
    CHECK(back.holography.carrier_columns_cpp == -0.3641);
    CHECK(back.holography.curvature_rad_per_px2 == 2e-7);
    CHECK(back.holography.pitch_columns_px == 3);
    CHECK(back.holography.modes() == 4);
    CHECK(back.holography.reference_dn == r.holography.reference_dn);
    REQUIRE(back.dark);
    CHECK(back.dark->verdict.passed);
    CHECK(back.dark->verdict.text == "black level fine");
    CHECK(back.dark->verdict.inputs == "00ff");
    CHECK(back.dark->black_level_dn.value == 16.5);
    CHECK(back.dark->black_level_dn.sigma == 0.001);
    CHECK(back.dark->hot_pixels == r.dark->hot_pixels);
    CHECK_FALSE(back.exposure);
    CHECK_FALSE(back.map);
    REQUIRE(back.validation);
    CHECK_FALSE(back.validation->verdict.passed);
    REQUIRE(back.validation->budget.size() == 2);
    CHECK(back.validation->budget[1].name == "drift");
    CHECK(back.validation->budget[1].share == 2e-7);
    CHECK(back.identity.columns == r.identity.columns);
    CHECK(back.identity.background == r.identity.background);
    REQUIRE(back.matrix);
    CHECK(back.matrix->entries == r.matrix->entries);
    CHECK(back.matrix->singular_values == r.matrix->singular_values);
    CHECK_FALSE(back.complete());
}

TEST_CASE("h5py, a foreign reader, sees values, shapes and units") {
    const Folder folder;
    save_record(sample_record(), folder / "lab.h5");
    write(folder / "witness.py", R"(
import h5py, numpy, sys
f = h5py.File(sys.argv[1], 'r')
assert f.attrs['format'] == b'opal calibration record', f.attrs['format']
assert f.attrs['version'] == 5
r = f['record']
assert r.attrs['bench_identity'].decode('utf-8') == 'medium 1f; \u00b5m'
assert r['laser_power_mw'][()] == 41.25 and r['laser_power_mw'].attrs['unit'] == b'mW'
h = r['holography']
assert h['reference_dn'].shape == (4, 6) and h['reference_dn'].attrs['unit'] == b'DN'
assert h['reference_dn'][3, 5] == 123.25
assert h['carrier_columns_cpp'][()] == -0.3641 and h['bits'][()] == 10
assert r['timing']['exposure'][()] == 120500 and r['timing']['exposure'].attrs['unit'] == b'ns'
c = r['identity']['columns']
assert c.shape == (32, 4) and c.dtype == numpy.complex64 and c[31, 3] == 127 - 63.5j
assert c.attrs['unit'] == b'sqrt(DN)'
t = r['matrix']['entries']
assert t.shape == (3, 4) and t[2, 3] == 1.5 - 11j
d = r['dark']
assert d['black_level_dn'][()] == 16.5 and d['black_level_dn'].attrs['sigma'] == 0.001
assert list(d['hot_pixels']) == [7, 1048575]
assert d['verdict'].attrs['text'] == b'black level fine' and d['verdict']['passed'][()] == 1
assert r['validation']['budget']['1'].attrs['name'] == b'drift'
assert 'exposure' not in r
)");
    const std::string command =
        "/usr/bin/python3 " + (folder / "witness.py").string() + " " + (folder / "lab.h5").string();
    CHECK(std::system(command.c_str()) == 0);
}

TEST_CASE("the record that is replaced is kept beside the new one") {
    const Folder folder;
    Record r = sample_record();
    save_record(r, folder / "lab.h5");
    r.laser_power_mw = 7;
    save_record(r, folder / "lab.h5");
    r.laser_power_mw = 9;
    save_record(r, folder / "lab.h5");
    CHECK(load_record(folder / "lab.h5").laser_power_mw == 9);
    CHECK(load_record(folder / "lab.h5.previous").laser_power_mw == 7);
    int files = 0;
    for ([[maybe_unused]] const auto& entry : fs::directory_iterator(folder.path())) ++files;
    CHECK(files == 3);  // no temporary left
    CHECK(load_record(folder / "lab.h5.previous.2").laser_power_mw == 41.25);
    // Three generations are kept, no more.
    for (int power = 10; power < 13; ++power) {
        r.laser_power_mw = power;
        save_record(r, folder / "lab.h5");
    }
    CHECK(load_record(folder / "lab.h5.previous.3").laser_power_mw == 9);
    CHECK_FALSE(fs::exists(folder / "lab.h5.previous.4"));
    struct stat status {};
    REQUIRE(::stat((folder / "lab.h5").c_str(), &status) == 0);
    const mode_t mask = ::umask(0);
    ::umask(mask);
    CHECK((status.st_mode & 0777) == (0666 & ~mask));
}

TEST_CASE("files that are no record are refused in one line") {
    const Folder folder;
    const fs::path path = folder / "lab.h5";
    CHECK(contains(error_of(path), "No such file"));
    CHECK(contains(error_of(folder.path()), "directory"));
    write(path, "");
    CHECK(contains(error_of(path), "not an HDF5 file"));
    write(path, "name: lab\n");
    CHECK(contains(error_of(path), "not an HDF5 file"));
    const std::string command =
        "/usr/bin/python3 -c \"import h5py; h5py.File('" + path.string() + "', 'w')['a'] = 1\"";
    REQUIRE(std::system(command.c_str()) == 0);
    CHECK(contains(error_of(path), "not a calibration record"));
}

TEST_CASE("records of another version are refused, with both numbers") {
    const Folder folder;
    const fs::path path = folder / "lab.h5";
    save_record(sample_record(), path);
    const std::string command = "/usr/bin/python3 -c \"import h5py; h5py.File('" + path.string() +
                                "', 'a').attrs['version'] = 6.0\"";
    REQUIRE(std::system(command.c_str()) == 0);
    const std::string text = error_of(path);
    CHECK(contains(text, "version 6"));
    CHECK(contains(text, "reads version 5"));
}

TEST_CASE("a truncated file is refused wherever it was cut") {
    const Folder folder;
    const fs::path path = folder / "lab.h5";
    save_record(sample_record(), path);
    const std::string whole = bytes_of(path);
    for (std::size_t part = 0; part < 16; ++part) {
        write(path, whole.substr(0, whole.size() * part / 16));
        CHECK_FALSE(error_of(path).empty());
    }
    write(path, whole);
    CHECK(load_record(path).inputs == 3);
}

TEST_CASE("a flipped bit inside an array is noticed") {
    const Folder folder;
    const fs::path path = folder / "lab.h5";
    save_record(sample_record(), path);
    std::string bytes = bytes_of(path);
    // 123.25F, the last pixel of the reference, little-endian: 0x42F68000.
    const std::size_t at = bytes.find(std::string("\x00\x80\xF6\x42", 4));
    REQUIRE(at != std::string::npos);
    bytes[at + 1] = static_cast<char>(bytes[at + 1] ^ 1);
    write(path, bytes);
    CHECK(contains(error_of(path), "checksum"));
}

TEST_CASE("arrays that do not fit each other are refused") {
    const Folder folder;
    Record r = sample_record();
    r.identity.columns.pop_back();
    r.identity.columns.resize(32 * 3);
    save_record(r, folder / "lab.h5");
    CHECK(contains(error_of(folder / "lab.h5"),
                   "identity.columns holds 96 values; the number of modes, 4, wants 128"));
}

TEST_CASE("a full disk leaves the old record untouched and no debris") {
    const Folder folder;
    const fs::path path = folder / "lab.h5";
    Record r = sample_record();
    save_record(r, path);
    const std::string before = bytes_of(path);

    // The disk ends after 4 KiB: write() fails as it does on a full one.
    rlimit old{};
    REQUIRE(::getrlimit(RLIMIT_FSIZE, &old) == 0);
    rlimit tight = old;
    tight.rlim_cur = 4096;
    const auto handler = std::signal(SIGXFSZ, SIG_IGN);
    REQUIRE(::setrlimit(RLIMIT_FSIZE, &tight) == 0);
    r.laser_power_mw = 1;
    std::string text;
    try {
        save_record(r, path);
    } catch (const RecordNotSaved& e) {
        text = e.what();
    }
    ::setrlimit(RLIMIT_FSIZE, &old);
    std::signal(SIGXFSZ, handler);

    CHECK(contains(text, "was not saved"));
    CHECK(text.find(path.string()) == 0);
    CHECK(bytes_of(path) == before);
    int files = 0;
    for ([[maybe_unused]] const auto& entry : fs::directory_iterator(folder.path())) ++files;
    CHECK(files == 1);
}

TEST_CASE("a folder that does not exist is one clear line") {
    const Folder folder;
    const fs::path path = folder / "no/such/lab.h5";
    try {
        save_record(sample_record(), path);
        FAIL("saved");
    } catch (const RecordNotSaved& e) {
        CHECK(contains(e.what(), "was not saved"));
        CHECK(contains(e.what(), "No such file or directory"));
    }
}

TEST_CASE("a record without predecessor leaves one file, and never takes a device's place") {
    const Folder folder;
    const fs::path path = folder / "lab.h5.partial";
    save_record(sample_record(), path, calibration::Predecessor::replaced);
    save_record(sample_record(), path, calibration::Predecessor::replaced);
    CHECK_FALSE(fs::exists(folder / "lab.h5.partial.previous"));
    CHECK_THROWS_AS(save_record(sample_record(), folder.path()), RecordNotSaved);
    const fs::path pipe = folder / "pipe";
    REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
    CHECK_THROWS_AS(save_record(sample_record(), pipe), RecordNotSaved);
    CHECK(fs::is_fifo(pipe));
}

TEST_CASE("numbers that cannot be are refused, each in its own words") {
    const Folder folder;
    const fs::path path = folder / "lab.h5";
    struct Case {
        const char* edit;  // of r, the group of the record in h5py
        const char* field;
        const char* possible;
    };
    // The edits are made by h5py on a good record: nothing of the program checks them first.
    const Case cases[] = {
        {"r['holography/pitch_rows_px'][()] = 2**28", "holography.pitch_rows_px is 268435456",
         "0 to 256"},
        {"r['holography/pitch_rows_px'][()] = 5", "holography.pitch_rows_px is 5",
         "a region of 4 x 6 px allows at most 4"},
        {"r['holography/carrier_rows_cpp'][()] = numpy.nan", "holography.carrier_rows_cpp is nan",
         "a number"},
        {"r['holography/carrier_columns_cpp'][()] = 0.7", "carrier_columns_cpp is 0.7",
         "-0.5 to 0.5"},
        {"r['holography/region/rows'][()] = -4", "holography.region.rows is -4", "1 to 16384"},
        {"r['holography/region/columns'][()] = 2**30", "region.columns is 1073741824", "16384"},
        {"r['holography/reference_dn'][2, 1] = numpy.inf", "holography.reference_dn",
         "not finite, number 13"},
        {"r['holography/mode_rows'][()] = 3", "identity.columns holds 128", "192"},
        {"r['inputs'][()] = -4", "inputs is -4", "1 to 16777216"},
        {"r['inputs'][()] = 10000000", "inputs or mirrors are impossible", "at most"},
        {"r['inputs'][()] = 4", "another arrangement", "calibrate again"},
        {"r['dmd_rows'][()] = 768", "another arrangement", "calibrate again"},
        {"r['dmd_columns'][()] = 2**31 - 1", "dmd_columns is 2147483647", "32 to 16384"},
        {"r.attrs['layout'] = numpy.bytes_('0123456789abcdef')", "another arrangement",
         "calibrate again"},
        {"r['laser_power_mw'][()] = -1", "laser_power_mw is -1", "0 to 1000000"},
        {"r['timing/exposure'][()] = -120500", "timing.exposure is -120500", "0 to"},
        {"r['survey/rows'][()] = 0", "survey.rows is 0", "1 to 65536"},
        {"r['dark/black_level_dn'].attrs['sigma'] = -1.0", "dark.black_level_dn", "uncertainty"},
        {"r['dark/hot_pixels'][1] = 1048576", "dark.hot_pixels is 1048576", "at most 1048575"},
        {"r['matrix/inputs'][()] = 2", "matrix.inputs is 2", "3"},
        {"r['matrix/entries'][1, 1] = numpy.nan", "matrix.entries", "not finite, number 5"},
        {"r['matrix/order'][()] = -1", "matrix.order is -1", "0 to"},
        {"r['matrix/frames'][()] = 0", "matrix.frames is 0", "1 to"},
        {"r['holography'].attrs['demodulation'] = numpy.bytes_('tilt')", "demodulation 'tilt'",
         "is not known"},
        {"r['validation/budget/0/share'][()] = numpy.nan", "validation.budget.share is nan",
         "a number"},
    };
    save_record(sample_record(), folder / "good.h5");
    std::string script = "import h5py, numpy, shutil\n";
    int number = 0;
    for (const Case& c : cases) {
        const std::string copy = path.string() + std::to_string(number++);
        script += "shutil.copy('" + (folder / "good.h5").string() + "', '" + copy + "')\n";
        script += "with h5py.File('" + copy + "', 'a') as f:\n    r = f['record']\n    ";
        script += c.edit + std::string("\n");
    }
    write(folder / "edit.py", script);
    const std::string command = "/usr/bin/python3 " + (folder / "edit.py").string();
    REQUIRE(std::system(command.c_str()) == 0);
    number = 0;
    for (const Case& c : cases) {
        CAPTURE(c.edit);
        const std::string text = error_of(path.string() + std::to_string(number++));
        INFO(text);
        CHECK(contains(text, c.field));
        CHECK(contains(text, c.possible));
        CHECK(contains(text, "calibrate again"));
    }
}
