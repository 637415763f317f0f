// Fuzz target: bench files (cli/bench_file.h). What is taken can be written and read back.
#include "tests/fuzz/fuzz_target.h"

#include "cli/bench_file.h"
#include "cli/exit_code.h"

namespace opal::fuzz {

std::vector<Bytes> seeds() {
    return {bytes_of("name: bench\nmedium: paint\n"
                     "dmd:\n  uri: lightcrafter://192.168.1.100\n"
                     "camera:\n  uri: gige://192.168.1.20\n  values: Gain=6, BlackLevel=64\n"
                     "laser:\n  uri: cobolt:/dev/ttyACM0\n  limit_mw: 50\n"
                     "  label_power_mw: 100\n  family: 06-mld\n"
                     "trigger:\n  camera_line: Line0\n  polarity: negative\n  pulse_us: 20\n"),
            bytes_of("medium: paint\ndmd: {uri: \"dlpc900:\"}\ncamera: {uri: \"u3v:12\"}\n"
                     "laser: {uri: \"dlcpro://10.0.0.2\", limit_mw: 5, threshold_ma: 30,"
                     " slope_mw_per_ma: 0.8}\n"),
            bytes_of("dmd: {uri: sim:lab}\ncamera: {uri: sim:lab}\nlaser: {uri: sim:lab}\n"),
            bytes_of(cli::explain_bench_file()), bytes_of(", a\n")};
}

std::vector<std::string> words() {
    return {"dmd:",    "camera:",   "laser:",    "trigger:\n", "uri: ",        "dlpc900:", "u3v:",
            "gige://", "obis:/dev", "dlcpro://", "limit_mw: ", "values: ",     "&a ",      "*a",
            "<<: ",    "!!binary ", "[[[[",      "{{{{",       "? ",           "---\n",    ".nan",
            "1e999",   "0x10",      "1e-320",    "sim:harsh",  "sim:/dev/null"};
}

void feed(std::span<const std::byte> input) {
    const std::string text(reinterpret_cast<const char*>(input.data()), input.size());
    cli::BenchFile file;
    try {
        file = cli::parse_bench_file(text, "input.yaml");
    } catch (const cli::BadInput& e) {
        require_one_line(e.what());
        return;
    }
    if (!file.scene.empty()) return;
    const std::string written = cli::bench_file_text(file.plan);
    require(cli::bench_file_text(cli::parse_bench_file(written, "written.yaml").plan) == written,
            "a bench that was taken reads back from what is written of it");
}

}  // namespace opal::fuzz
