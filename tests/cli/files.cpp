// Whole files in and out; a failed write leaves what was there and nothing else.
#include "cli/files.h"
#include "cli/exit_code.h"

#include "tests/cli/scratch_folder.h"

#include <doctest/doctest.h>

#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>
#include <stdexcept>
#include <string>

using namespace opal::cli;

TEST_CASE("what is written is read back, and replaced whole") {
    const ScratchFolder scratch;
    const auto file = scratch / "a.bin";
    write_file(file, std::string_view("one\0two", 7));
    CHECK(content_of(file) == std::string("one\0two", 7));
    CHECK(read_file(file).size() == 7);
    write_file(file, "three");
    CHECK(content_of(file) == "three");
    CHECK(scratch.names() == std::vector<std::string>{"a.bin"});
    struct stat about {};
    REQUIRE(::stat(file.c_str(), &about) == 0);
    const mode_t mask = ::umask(022);
    ::umask(mask);
    CHECK((about.st_mode & 0777) == (0666 & ~mask));
}

TEST_CASE("what cannot be read or written says which file and why") {
    const ScratchFolder scratch;
    CHECK_THROWS_WITH_AS(read_file(scratch / "none"), doctest::Contains("No such file"), BadInput);
    CHECK_THROWS_WITH_AS(read_file(scratch.path()), doctest::Contains("directory"), BadInput);
    CHECK_THROWS_WITH_AS(write_file(scratch / "no/such/folder", "x"),
                         doctest::Contains("No such file"), std::runtime_error);
    CHECK_THROWS_AS(write_file(scratch.path(), "x"), std::runtime_error);
    CHECK_THROWS_WITH_AS(write_file("/dev/full", "x"), doctest::Contains("No space left"),
                         std::runtime_error);
}

TEST_CASE("a full disk keeps the old file and leaves nothing beside it") {
    const ScratchFolder scratch;
    if (::mount("opal-test", scratch.path().c_str(), "tmpfs", 0, "size=64k") != 0) {
        MESSAGE("skipped: mounting a small disk needs root");
        return;
    }
    const auto file = scratch / "result.npy";
    write_file(file, "old");
    CHECK_THROWS_WITH_AS(write_file(file, std::string(1 << 20, 'x')),
                         doctest::Contains("No space left"), std::runtime_error);
    CHECK(content_of(file) == "old");
    CHECK(scratch.names() == std::vector<std::string>{"result.npy"});
    CHECK(::umount(scratch.path().c_str()) == 0);
}
