// Workers: every task once, errors delivered, usable again.
#include "dfa/workers.h"

#include <doctest/doctest.h>

#include <atomic>
#include <stdexcept>
#include <string>
#include <vector>

using namespace opal::dfa;

TEST_CASE("every task runs exactly once, on a worker that exists") {
    for (int threads : {1, 2, 5}) {
        Workers workers(threads);
        CHECK(workers.threads() == threads);
        for (Eigen::Index tasks : {0, 1, 2, 3, 64, 1000}) {
            std::vector<std::atomic<int>> done(static_cast<std::size_t>(tasks));
            std::atomic<bool> worker_exists = true;
            workers.run(tasks, [&](Eigen::Index task, int worker) {
                ++done[static_cast<std::size_t>(task)];
                if (worker < 0 || worker >= threads) worker_exists = false;
            });
            CHECK(worker_exists);
            for (const auto& count : done) REQUIRE(count == 1);
        }
    }
}

TEST_CASE("what the tasks wrote is visible after run, thousands of times") {
    Workers workers(3);
    std::vector<int> slot(7);
    for (int round = 1; round <= 5000; ++round) {
        workers.run(7, [&](Eigen::Index task, int) { slot[static_cast<std::size_t>(task)]++; });
        int sum = 0;
        for (int value : slot) sum += value;
        REQUIRE(sum == 7 * round);
    }
}

TEST_CASE("an exception of a task arrives when no task runs any more") {
    for (int threads : {1, 3}) {
        Workers workers(threads);
        std::atomic<int> finished = 0;
        const auto attempt = [&] {
            workers.run(20, [&](Eigen::Index task, int) {
                if (task == 4) throw std::runtime_error("task 4");
                ++finished;
            });
        };
        CHECK_THROWS_WITH(attempt(), "task 4");
        if (threads > 1) CHECK(finished == 19);
        finished = 0;
        workers.run(5, [&](Eigen::Index, int) { ++finished; });
        CHECK(finished == 5);
    }
}
