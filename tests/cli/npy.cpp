// .npy against bytes typed by hand from numpy.lib.format.
#include "cli/npy.h"

#include "tests/cli/scratch_folder.h"

#include <doctest/doctest.h>

#include <string>

using namespace opal;
using cli::decode_npy;
using cli::NpyError;
using dfa::Matrix;

namespace {

std::string file_of(const std::string& version, const std::string& header,
                    const std::string& body) {
    std::string size{static_cast<char>(header.size()), '\0'};
    if (version[0] != '\x01') size += std::string(2, '\0');
    return "\x93NUMPY" + version + size + header + body;
}

const std::string v1("\x01\x00", 2);
const std::string v2("\x02\x00", 2);
const std::string v3("\x03\x00", 2);
const std::string two_by_three_f4 =
    "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }   \n";
// 1, -2, 0.5, 3, 0, 256 as IEEE 754 single precision, little-endian.
const std::string six_floats(
    "\x00\x00\x80\x3f\x00\x00\x00\xc0\x00\x00\x00\x3f\x00\x00\x40\x40\x00\x00\x00\x00\x00\x00\x80"
    "\x43",
    24);

Matrix decoded(const std::string& bytes) {
    return decode_npy(std::as_bytes(std::span(bytes)), "test.npy");
}

void check_refused(const std::string& bytes, const char* reason) {
    CHECK_THROWS_WITH_AS(decoded(bytes), doctest::Contains(reason), NpyError);
    CHECK_THROWS_WITH_AS(decoded(bytes), doctest::Contains("test.npy"), NpyError);
}

}  // namespace

TEST_CASE("float32, all three versions") {
    Matrix expected(2, 3);
    expected << 1, -2, 0.5F, 3, 0, 256;
    for (const auto& version : {v1, v2, v3}) {
        CHECK(decoded(file_of(version, two_by_three_f4, six_floats)) == expected);
    }
}

TEST_CASE("Fortran order, one dimension, other element types") {
    Matrix expected(2, 3);
    expected << 1, 0.5F, 0, -2, 3, 256;  // columns first
    CHECK(decoded(file_of(v1, "{'descr': '<f4', 'fortran_order': True, 'shape': (2, 3), }\n",
                          six_floats)) == expected);

    Matrix line(1, 2);
    line << 1, -2;
    CHECK(decoded(file_of(v1, "{\"shape\":(2,),\"descr\":\"<f8\",\"fortran_order\":False}",
                          std::string("\0\0\0\0\0\0\xf0\x3f\0\0\0\0\0\0\x00\xc0", 16))) == line);
    CHECK(decoded(file_of(v1, "{'descr': '|i1', 'fortran_order': False, 'shape': (1, 2)}",
                          "\x01\xfe")) == line);
    CHECK(decoded(file_of(v1, "{'descr': '<i2', 'fortran_order': False, 'shape': (1, 2)}",
                          std::string("\x01\x00\xfe\xff", 4))) == line);
    CHECK(decoded(file_of(v1, "{'descr': '<i8', 'fortran_order': False, 'shape': (2,)}",
                          std::string("\1\0\0\0\0\0\0\0\xfe\xff\xff\xff\xff\xff\xff\xff", 16))) ==
          line);
}

TEST_CASE("what is written has these bytes") {
    Matrix m(1, 2);
    m << 1, -2;
    const std::string bytes = cli::encode_npy(m);
    // 128 bytes of header: the next multiple of 64 after 10 + 60 of dictionary + newline.
    CHECK(bytes.substr(0, 10) == std::string("\x93NUMPY\x01\x00\x76\x00", 10));
    CHECK(bytes.substr(10, 62) == "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2), }   ");
    CHECK(bytes[127] == '\n');
    CHECK(bytes.substr(128) == six_floats.substr(0, 8));
    CHECK(decoded(bytes) == m);
}

TEST_CASE("a file is written whole") {
    const ScratchFolder scratch;
    const Matrix m = Matrix::Constant(5, 7, 2.5F);
    cli::write_npy(scratch / "m.npy", m);
    CHECK(cli::read_npy(scratch / "m.npy") == m);
}

TEST_CASE("every broken file is refused with its name and the reason") {
    const std::string good = file_of(v1, two_by_three_f4, six_floats);
    check_refused("", "numpy.save");
    check_refused("PK\x03\x04 a zip file", "numpy.save");
    check_refused(good.substr(0, 9), "cut off in its header");
    check_refused(good.substr(0, 40), "cut off in its header");
    check_refused(good.substr(0, good.size() - 1), "cut off");
    check_refused(good + "x", "after its end");
    check_refused(file_of(std::string("\x04\x00", 2), two_by_three_f4, six_floats), "version 4.0");
    const auto with = [&](const std::string& header) { return file_of(v1, header, six_floats); };
    check_refused(with("{'descr': '>f4', 'fortran_order': False, 'shape': (2, 3)}"), "'>f4'");
    check_refused(with("{'descr': '<c8', 'fortran_order': False, 'shape': (1, 3)}"), "'<c8'");
    check_refused(with("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (6,)}"),
                  "records");
    check_refused(with("{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2, 3)}"),
                  "(vectors, components)");
    check_refused(with("{'descr': '<f4', 'fortran_order': False, 'shape': ()}"),
                  "(vectors, components)");
    check_refused(with("{'descr': '<f4', 'fortran_order': False, 'shape': (0, 6)}"), "at least 1");
    check_refused(with("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 4)}"), "cut off");
    check_refused(with("{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296, "
                       "4294967296)}"),
                  "at most 2^34");
    check_refused(with("{'descr': '<f4', 'fortran_order': False, 'shape': (2, -3)}"), "tuple");
    check_refused(with("{'descr': '<f4', 'fortran_order': maybe, 'shape': (2, 3)}"), "True nor");
    check_refused(with("{'descr': '<f4', 'shape': (2, 3)}"), "lacks");
    check_refused(with("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), 'x': 1}"), "'x'");
    check_refused(with("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3)"), "dictionary");
    check_refused(with("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3)} x"), "goes on");
    check_refused(with("{'descr': '<f4"), "cut off");
    check_refused(file_of(v1, "{'descr': '<f4', 'fortran_order': False, 'shape': (1,)}",
                          std::string("\x00\x00\xc0\x7f", 4)),
                  "[0, 0] is nan");
    check_refused(file_of(v1, "{'descr': '<f8', 'fortran_order': False, 'shape': (1,)}",
                          std::string("\0\0\0\0\0\0\xf0\x7e", 8)),  // about 1e303
                  "finite number a float can hold");
}

TEST_CASE("no prefix and no flipped bit of the header reads past the end or crashes") {
    const std::string good = file_of(v1, two_by_three_f4, six_floats);
    for (std::size_t n = 0; n < good.size(); ++n)
        CHECK_THROWS_AS(decoded(good.substr(0, n)), NpyError);
    for (std::size_t bit = 0; bit < 8 * (good.size() - 24); ++bit) {
        std::string broken = good;
        broken[bit / 8] = static_cast<char>(broken[bit / 8] ^ 1 << bit % 8);
        try {
            const Matrix m = decoded(broken);
            CHECK(m.size() == 6);  // some flips only change blanks
        } catch (const NpyError& e) {
            CHECK(std::string(e.what()).find('\n') == std::string::npos);
        }
    }
}
