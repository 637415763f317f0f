// RunQueue: every run once, and never two through the light at a time.
#include "cli/reproduce/run_queue.h"

#include <doctest/doctest.h>

using opal::cli::reproduce::PlannedRun;
using opal::cli::reproduce::RunQueue;

namespace {

PlannedRun run_of(std::uint64_t seed, bool light) {
    return {0, 0, seed, light};
}

}  // namespace

TEST_CASE("one thread does all runs: digital ones first, each row in order") {
    RunQueue queue({run_of(1, true), run_of(2, false), run_of(3, true), run_of(4, false)});
    for (const std::uint64_t wanted : {2u, 4u, 1u, 3u}) {
        const auto run = queue.take(false);
        REQUIRE(run);
        CHECK(run->seed == wanted);
        queue.done(*run);
    }
    CHECK(!queue.take(false));
}

TEST_CASE("the light is given to one thread at a time") {
    RunQueue queue({run_of(1, true), run_of(2, true), run_of(3, false)});
    const auto light = queue.take(true);
    REQUIRE(light);
    CHECK(light->seed == 1);
    const auto digital = queue.take(true);  // the light is taken: something else
    REQUIRE(digital);
    CHECK(digital->seed == 3);
    CHECK(!queue.take(false));
    queue.done(*digital);
    CHECK(!queue.take(true));  // who has the light will take the next
    queue.done(*light);
    const auto next = queue.take(false);
    REQUIRE(next);
    CHECK(next->seed == 2);
    queue.done(*next);
    CHECK(!queue.take(true));
}

TEST_CASE("a closed queue hands out nothing") {
    RunQueue queue({run_of(1, true), run_of(2, false)});
    queue.close();
    CHECK(!queue.take(true));
    CHECK(!queue.take(false));
}
