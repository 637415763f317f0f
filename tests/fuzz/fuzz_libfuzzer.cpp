// FuzzLibfuzzer: a fuzz target as libFuzzer wants it (clang, -DOPAL_BUILD_FUZZERS=ON). See
// fuzz_target.h.
#include "tests/fuzz/fuzz_target.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    opal::fuzz::feed(std::as_bytes(std::span(data, size)));
    return 0;
}
