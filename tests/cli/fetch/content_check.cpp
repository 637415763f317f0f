// Verdicts about hand-typed files, and SHA-256 against the published vectors.
#include "cli/fetch/content_check.h"

#include "cli/fetch/sha256.h"
#include "tests/cli/scratch_folder.h"

#include <doctest/doctest.h>

using namespace opal::cli::fetch;

namespace {

// FIPS 180-4, example of one block.
const std::string abc_sum = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
const WantedFile abc{"abc.gz", 3, abc_sum, 0, ""};

// Python's gzip.compress(b"abc", 9, mtime=0):
//   1f 8b 08 00 | 00 00 00 00 | 02 03 | 4b 4c 4a 06 00 | c2 41 24 35 | 03 00 00 00
//   gzip, plain   no time       level   deflated         CRC-32        length
const std::string abc_gz(
    "\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\x4b\x4c\x4a\x06\x00\xc2\x41\x24\x35\x03\x00\x00\x00",
    23);

Verdict verdict_of(const std::string& content, const WantedFile& wanted, bool packed = true) {
    const ScratchFolder folder;
    std::ofstream(folder / "file", std::ios::binary) << content;
    return check_content(folder / "file", wanted, packed);
}

Soundness soundness_of(const std::string& content, const WantedFile& wanted = abc) {
    return verdict_of(content, wanted).soundness;
}

}  // namespace

TEST_CASE("SHA-256: the published examples, in one piece and in many") {
    Sha256 one;
    one.add(std::as_bytes(std::span("abc", 3)));
    CHECK(one.finish() == abc_sum);
    Sha256 million;  // NIST's long message: a million times "a"
    const std::string piece(1000, 'a');
    for (int i = 0; i < 1000; ++i) million.add(std::as_bytes(std::span(piece)));
    CHECK(million.finish() == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST_CASE("packed: sound only as a whole, every cut is incomplete, every extra byte wrong") {
    CHECK(soundness_of(abc_gz) == Soundness::sound);
    for (std::size_t n = 0; n < abc_gz.size(); ++n) {
        CAPTURE(n);
        CHECK(soundness_of(abc_gz.substr(0, n)) == Soundness::incomplete);
    }
    CHECK(soundness_of(abc_gz + '\0') == Soundness::wrong);
    CHECK(soundness_of(abc_gz + abc_gz) == Soundness::wrong);
}

TEST_CASE("packed: a flipped bit anywhere that matters is never sound") {
    for (std::size_t n = 0; n < abc_gz.size(); ++n) {
        // RFC 1952: the flag "text", time, level and system say nothing about the content.
        if (n >= 3 && n < 10) continue;
        std::string flipped = abc_gz;
        flipped[n] = static_cast<char>(flipped[n] ^ 1);
        CAPTURE(n);
        CHECK(soundness_of(flipped) != Soundness::sound);
    }
}

TEST_CASE("packed: right gzip, wrong content") {
    WantedFile other = abc;
    other.content_sha256[0] = 'c';
    CHECK(soundness_of(abc_gz, other) == Soundness::wrong);
    other = abc;
    other.content_bytes = 2;
    CHECK(soundness_of(abc_gz, other) == Soundness::wrong);
    other.content_bytes = 4;
    CHECK(soundness_of(abc_gz, other) == Soundness::wrong);  // whole, and still too short
    CHECK(verdict_of("<html>", abc).why ==
          "is a web page and no gzip file; does this network want a login first?");
    CHECK(verdict_of("\n <html>", abc).why.starts_with("is a web page"));
    CHECK(verdict_of("PK", abc).why == "is no gzip file");
}

TEST_CASE("plain: length and sum") {
    const auto verdict = [](const std::string& text) { return verdict_of(text, abc, false); };
    CHECK(verdict("abc").soundness == Soundness::sound);
    CHECK(verdict("abc").why.empty());
    CHECK(verdict("ab").soundness == Soundness::incomplete);
    CHECK(verdict("").soundness == Soundness::incomplete);
    CHECK(verdict("abcd").soundness == Soundness::wrong);
    CHECK(verdict("abd").soundness == Soundness::wrong);
    CHECK_THROWS_WITH(check_content("/nonexistent/file", abc, false),
                      "cannot open /nonexistent/file");
}
