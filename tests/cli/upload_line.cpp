// What a user sees of an upload to a slow board: a line with bytes, rate and the time left, on a
// terminal, and nothing of it when the upload is over. The board's clock is the host's here.
#include "cli/terminal.h"
#include "cli/upload_progress.h"
#include "tests/instruments/dlpc900_bench.h"

#include <doctest/doctest.h>
#include <pty.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <regex>
#include <string>
#include <thread>

using namespace opal;

namespace {

// Whatever is written to stderr meanwhile, as on a terminal 100 columns wide.
template <class Act>
std::string on_a_terminal(Act&& act) {
    winsize size{24, 100, 0, 0};
    int ours = -1;
    int theirs = -1;
    REQUIRE(::openpty(&ours, &theirs, nullptr, nullptr, &size) == 0);
    std::fflush(stderr);
    const int kept = ::dup(STDERR_FILENO);
    ::dup2(theirs, STDERR_FILENO);
    ::close(theirs);
    std::string seen;
    std::thread reader([&] {
        std::array<char, 4096> some;
        for (ssize_t n = 0; (n = ::read(ours, some.data(), some.size())) > 0;)
            seen.append(some.data(), static_cast<std::size_t>(n));
    });
    act();
    std::fflush(stderr);
    ::dup2(kept, STDERR_FILENO);  // the last end of it: the reader ends too
    ::close(kept);
    reader.join();
    ::close(ours);
    return seen;
}

}  // namespace

TEST_CASE("an upload of seconds is shown with bytes, rate and time left") {
    constexpr double rate_kb = 3;
    sim::Dlpc900Scene slow;
    slow.version = {4, 3, 0};  // whose table is as short as the sequence
    slow.bytes_per_s = static_cast<std::uint32_t>(1000 * rate_kb);
    sim::Scene scene = test::Dlpc900Bench::scene(1);
    scene.pace = sim::Pace::real_time;
    const auto inner = sim::make_simulated_bench(scene, {1, nullptr});
    auto usb =
        sim::make_memory_usb(test::virtual_clock(*inner), sim::Dlpc900Instrument::usb_info());
    sim::Dlpc900Instrument board(*usb.gadget, inner->dmd(), test::virtual_clock(*inner), slow);
    const std::string seen = on_a_terminal([&] {
        const cli::Terminal terminal;
        drivers::Dlpc900Options options;
        options.on_upload = cli::upload_progress(terminal);
        const auto dmd =
            drivers::open_dlpc900(std::move(usb.host), inner->clock(), std::move(options));
        dmd->load(0, contract::striped_patterns(dmd->info(), 30));
        dmd->program(test::sequence_of_slots({0, 25}));  // two pictures
    });
    INFO(seen);
    const std::regex line(
        R"(upload +\[#*-*\] +(\d+) %  (\d+)/(\d+) kB  ([0-9.]+)/s  (\d+) s left)");
    int lines = 0;
    for (std::sregex_iterator at(seen.begin(), seen.end(), line), end; at != end; ++at, ++lines) {
        const double percent = std::stod((*at)[1]);
        const double total = std::stod((*at)[3]);
        const double rate = std::stod((*at)[4]);
        const double left = std::stod((*at)[5]);
        // Never faster than the board, but for the first chunk, which travels before the clock
        // starts: half a kilobyte of three or more. A busy host may be slower.
        CHECK(rate < 1.2 * rate_kb);
        // Rounded: percent down, kilobytes and seconds to the nearest.
        const double missing = total * (1 - percent / 100);
        CHECK(left <= (missing + 0.5) / (rate - 0.05) + 0.5);
        CHECK(left >= (missing - 0.5 - total / 100) / (rate + 0.05) - 0.5);
    }
    CHECK(lines >= 2);
    CHECK(seen.ends_with("\r\033[K"));
}
