// NumPy as a foreign witness: it reads what OPAL writes, and OPAL reads what it writes.
#include "cli/npy.h"

#include "tests/cli/scratch_folder.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cstdlib>
#include <string>

using namespace opal;
using dfa::Matrix;

namespace {

int python(const std::string& program) {
    return std::system(fmt::format("/usr/bin/python3 -c \"{}\"", program).c_str());
}

Matrix counted(Eigen::Index rows, Eigen::Index columns) {
    Matrix m(rows, columns);
    for (Eigen::Index i = 0; i < m.size(); ++i) m.data()[i] = static_cast<float>(i) / 2 - 3;
    return m;
}

}  // namespace

TEST_CASE("NumPy and OPAL read each other") {
    if (python("import numpy") != 0) {
        MESSAGE("skipped: python3-numpy is not installed");
        return;
    }
    const ScratchFolder scratch;
    cli::write_npy(scratch / "ours.npy", counted(5, 7));
    CHECK(python(fmt::format("import numpy as n; a = n.load('{}'); "
                             "b = (n.arange(35) / 2 - 3).reshape(5, 7); "
                             "assert a.dtype == n.float32 and (a == b).all()",
                             (scratch / "ours.npy").string())) == 0);

    for (const char* type : {"f4", "f8"}) {
        for (const char* order : {"C", "F"}) {
            const auto file = scratch / "theirs.npy";
            REQUIRE(python(fmt::format("import numpy as n; n.save('{}', n.asarray((n.arange(35) / "
                                       "2 - 3).reshape(5, 7), dtype='{}', order='{}'))",
                                       file.string(), type, order)) == 0);
            CHECK(cli::read_npy(file) == counted(5, 7));
        }
    }
    for (const char* type : {"i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "?"}) {
        const auto file = scratch / "theirs.npy";
        REQUIRE(python(fmt::format("import numpy as n; n.save('{}', n.array([[1, 0], [0, 1]], "
                                   "dtype='{}'))",
                                   file.string(), type)) == 0);
        CHECK(cli::read_npy(file) == Matrix::Identity(2, 2));
    }
    for (const char* version : {"(2, 0)", "(3, 0)"}) {
        const auto file = scratch / "theirs.npy";
        REQUIRE(python(fmt::format("import numpy as n; n.lib.format.write_array(open('{}', 'wb'), "
                                   "n.eye(3), version={})",
                                   file.string(), version)) == 0);
        CHECK(cli::read_npy(file) == Matrix::Identity(3, 3));
    }
}
