// Fuzz target: .npy files (cli/npy.h). What is taken holds finite numbers and is written back.
#include "tests/fuzz/fuzz_target.h"

#include "cli/npy.h"

#include <cmath>

namespace opal::fuzz {

namespace {

// A version 1.0 file with this header and these bytes as elements [NumPy, numpy.lib.format].
Bytes file(std::string header, std::string_view elements) {
    while ((10 + header.size() + 1) % 64 != 0) header += ' ';
    header += '\n';
    std::string text = "\x93NUMPY\x01";
    text += '\0';
    text += static_cast<char>(header.size() & 255U);
    text += static_cast<char>(header.size() >> 8U);
    return bytes_of(text + header + std::string(elements));
}

}  // namespace

std::vector<Bytes> seeds() {
    const std::string zeros(48, '\0');
    return {
        file("{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }", zeros),
        file("{'descr': '<f8', 'fortran_order': True, 'shape': (2, 3), }", zeros),
        file("{'descr': '|i1', 'fortran_order': False, 'shape': (48,), }", zeros),
        file("{'descr': '<u2', 'fortran_order': False, 'shape': (1, 24), }", zeros),
        file("{'descr': '<i8', 'fortran_order': False, 'shape': (6, 1), }", zeros),
    };
}

std::vector<std::string> words() {
    return {"\x93NUMPY",
            "'<f4'",
            "'>f4'",
            "'<f2'",
            "'<i8'",
            "'|b1'",
            "True",
            "False",
            "(0, 0)",
            "(1,)",
            "()",
            "(-1, 3)",
            "18446744073709551615",
            "4294967296",
            "descr",
            "'shape': (3, 4)"};
}

void feed(std::span<const std::byte> input) {
    dfa::Matrix matrix;
    try {
        matrix = cli::decode_npy(input, "input.npy");
    } catch (const cli::NpyError& e) {
        require_one_line(e.what());
        return;
    }
    for (Eigen::Index i = 0; i < matrix.size(); ++i)
        require(std::isfinite(matrix.data()[i]), "numbers that were taken are finite");
    const std::string written = cli::encode_npy(matrix);
    const dfa::Matrix back =
        cli::decode_npy(std::as_bytes(std::span(written.data(), written.size())), "written.npy");
    require(back.rows() == matrix.rows() && back.cols() == matrix.cols() && back == matrix,
            "a matrix that was taken is written and read back");
}

}  // namespace opal::fuzz
