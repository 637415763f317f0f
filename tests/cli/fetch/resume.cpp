// Interrupted, resumed, and what lies in the folder before, between and after.
#include "cli/fetch/part_file.h"
#include "tests/cli/fetch/local_server.h"

#include <doctest/doctest.h>

#include <signal.h>
#include <sys/resource.h>
#include <chrono>
#include <fstream>
#include <thread>

namespace {

using Lines = std::vector<std::string>;

bool has(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

LocalServer& server() {
    return LocalServer::instance();
}

// Both files as the good mirror has them.
struct GoodCopies {
    std::string alpha;
    std::string beta;
    GoodCopies() {
        FetchRun run({server().mirror("good", "copies")});
        REQUIRE(run.run());
        alpha = content_of(run.folder / "alpha.gz");
        beta = content_of(run.folder / "beta.txt");
    }
};

void put(const std::filesystem::path& file, const std::string& content) {
    std::ofstream(file, std::ios::binary) << content;
}

}  // namespace

TEST_CASE("a connection that breaks once: the rest is asked for where it broke") {
    FetchRun run({server().mirror("cut_once", "once")});
    CHECK(run.run());
    CHECK(run.is_complete());
    // Half of 198,147 and of 208,890.
    CHECK(server().requests("once") ==
          Lines{"cut_once alpha.gz -", "cut_once alpha.gz bytes=99073-", "cut_once beta.txt -",
                "cut_once beta.txt bytes=104445-"});
    CHECK(run.listener.last_before == 104'445);
    CHECK(run.listener.last_total == 208'890);
}

TEST_CASE("a mirror that always cuts off: five times, then the next one goes on") {
    FetchRun run({server().mirror("cut_always", "always"), server().mirror("good", "always")});
    run.set.files.resize(1);
    CHECK(run.run());
    // 198,147, half of what is missing each time, rounded down: by hand.
    CHECK(server().requests("always") ==
          Lines{"cut_always alpha.gz -", "cut_always alpha.gz bytes=99073-",
                "cut_always alpha.gz bytes=148610-", "cut_always alpha.gz bytes=173378-",
                "cut_always alpha.gz bytes=185762-", "good alpha.gz bytes=191954-"});
    CHECK(has(run.listener.warnings.at(0), "the connection broke ("));
}

TEST_CASE("stalled and silent mirrors end at the deadline; what came stays and is resumed") {
    FetchRun run({server().mirror("stall", "stall")});
    run.set.files.resize(1);
    // Five rounds, in each of which the mirror sends its half within a second.
    run.deadlines.stall = std::chrono::seconds(1);
    const auto begin = std::chrono::steady_clock::now();
    const std::string text = run.failure();
    // Only a hung-up wait would take four times as long.
    CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(20));
    CHECK(has(text, "nothing came for 1 s"));
    CHECK(has(text, "the same command resumes"));
    CHECK(run.folder.names() == Lines{"alpha.gz.part"});

    run.mirrors = {server().mirror("silent", "silent")};
    run.deadlines.stall = std::chrono::milliseconds(300);
    CHECK(has(run.failure(), "nothing came for 0.3 s"));
    CHECK(run.folder.names() == Lines{"alpha.gz.part"});

    run.mirrors = {server().mirror("good", "unstalled")};
    run.deadlines = FetchRun({}).deadlines;
    CHECK(run.run());
    CHECK(server().requests("unstalled") == Lines{"good alpha.gz bytes=191954-"});
}

TEST_CASE("the total deadline ends a mirror that only dribbles") {
    FetchRun run({server().mirror("slow", "slow")});
    run.deadlines.total = std::chrono::milliseconds(300);
    CHECK(has(run.failure(), "not done within 0.3 s"));
    CHECK(run.folder.names() == Lines{"alpha.gz.part"});
}

TEST_CASE("a server without ranges starts afresh") {
    const GoodCopies good;
    FetchRun run({server().mirror("norange", "norange")});
    put(run.folder / "beta.txt.part", good.beta.substr(0, 100'000));
    CHECK(run.run());
    CHECK(run.is_complete());
    CHECK(server().requests("norange") ==
          Lines{"norange alpha.gz -", "norange beta.txt bytes=100000-"});
    CHECK(run.listener.last_before == 0);
}

TEST_CASE("a server that sends another part than asked for is asked for everything") {
    const GoodCopies good;
    FetchRun run({server().mirror("wrongrange", "wrongrange")});
    put(run.folder / "beta.txt.part", good.beta.substr(0, 100'000));
    CHECK(run.run());
    CHECK(run.is_complete());
    CHECK(server().requests("wrongrange").back() == "wrongrange beta.txt -");
}

TEST_CASE("a connection that ends without a length: the content tells that bytes are missing") {
    FetchRun run({server().mirror("hangup", "hangup"), server().mirror("good", "hangup")});
    run.set.files.resize(1);
    CHECK(run.run());
    CHECK(has(run.listener.warnings.at(0), "is cut off after 1000 bytes"));
    CHECK(server().requests("hangup").back() == "good alpha.gz bytes=1000-");
}

TEST_CASE("a part file with other bytes: found out at the end, fetched afresh once") {
    const GoodCopies good;
    FetchRun run({server().mirror("good", "other")});
    put(run.folder / "beta.txt.part", std::string(100'000, 'x'));
    CHECK(run.run());
    CHECK(run.is_complete());
    CHECK(server().requests("other") ==
          Lines{"good alpha.gz -", "good beta.txt bytes=100000-", "good beta.txt -"});

    FetchRun repacked({server().mirror("repacked", "mixed")});
    repacked.set.files.resize(1);
    put(repacked.folder / "alpha.gz.part", good.alpha.substr(0, 100'000));
    CHECK(repacked.run());
    CHECK(server().requests("mixed") ==
          Lines{"repacked alpha.gz bytes=100000-", "repacked alpha.gz -"});
}

TEST_CASE("part files that need no request, or cannot be resumed") {
    const GoodCopies good;
    FetchRun run({server().mirror("good", "parts")});
    put(run.folder / "alpha.gz.part", good.alpha);          // killed just before the name
    put(run.folder / "beta.txt.part", good.beta + "more");  // no file of ours
    CHECK(run.run());
    CHECK(run.is_complete());
    CHECK(server().requests("parts") == Lines{"good beta.txt -"});
}

TEST_CASE("files that are there: right ones kept, damaged ones replaced, unpacked ones taken") {
    const GoodCopies good;
    FetchRun run({server().mirror("good", "there")});
    put(run.folder / "alpha.gz", good.alpha.substr(0, 5000));
    put(run.folder / "beta.txt", good.beta);
    CHECK(run.run());
    CHECK(run.is_complete());
    CHECK(server().requests("there") == Lines{"good alpha.gz -"});
    CHECK(has(run.listener.warnings.at(0), "alpha.gz is cut off after 5000 bytes; it is fetched"));

    REQUIRE(std::system(("gzip -d " + (run.folder / "alpha.gz").string()).c_str()) == 0);
    CHECK(run.run());
    CHECK(run.sorted_names() == Lines{"alpha", "beta.txt"});
    put(run.folder / "alpha", "mine");
    CHECK(has(run.failure(), "it is not the published file: remove or rename it"));
    CHECK(content_of(run.folder / "alpha") == "mine");
}

TEST_CASE("a file that cannot be replaced keeps its old bytes until the new ones are right") {
    FetchRun run({server().mirror("corrupt", "keep")});
    put(run.folder / "alpha.gz", "old");
    CHECK(has(run.failure(), "what it sends has "));
    CHECK(content_of(run.folder / "alpha.gz") == "old");
}

TEST_CASE("stopped in the middle: at once, with a part file that the next run resumes") {
    FetchRun run({server().mirror("slow", "stopped")});
    run.set.files.resize(1);
    std::thread stopper([&] {
        std::this_thread::sleep_for(std::chrono::milliseconds(300));
        run.stop.request_stop();
    });
    const auto begin = std::chrono::steady_clock::now();
    CHECK_FALSE(run.run());
    stopper.join();
    // The slow mirror would take 198 times 20 ms.
    CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(3));
    CHECK(run.folder.names() == Lines{"alpha.gz.part"});
    const auto kept = std::filesystem::file_size(run.folder / "alpha.gz.part");
    CHECK(kept > 0);
    run.stop = {};
    run.mirrors = {server().mirror("good", "started")};
    CHECK(run.run());
    CHECK(server().requests("started") ==
          Lines{"good alpha.gz bytes=" + std::to_string(kept) + "-"});
}

TEST_CASE("a disk that takes no more is not the mirror's fault: said at once, the rest kept") {
    FetchRun run({server().mirror("good", "disk"), server().mirror("good", "disk")});
    rlimit before{};
    REQUIRE(::getrlimit(RLIMIT_FSIZE, &before) == 0);
    const auto old_action = ::signal(SIGXFSZ, SIG_IGN);
    const rlimit small{50'000, before.rlim_max};
    REQUIRE(::setrlimit(RLIMIT_FSIZE, &small) == 0);
    std::string text;
    try {
        run.run();
    } catch (const std::runtime_error& e) {
        text = e.what();
    }
    ::setrlimit(RLIMIT_FSIZE, &before);
    ::signal(SIGXFSZ, old_action);
    CHECK(text == "cannot write " + (run.folder / "alpha.gz.part").string() + ": File too large");
    CHECK(std::filesystem::file_size(run.folder / "alpha.gz.part") == 50'000);
    CHECK(run.run());
    CHECK(server().requests("disk").at(1) == "good alpha.gz bytes=50000-");
}

TEST_CASE("two at once: the second is told, the first goes on") {
    const ScratchFolder folder;
    opal::cli::fetch::PartFile first(folder / "a");
    first.append(std::as_bytes(std::span("abc", 3)));
    CHECK_THROWS_WITH(opal::cli::fetch::PartFile(folder / "a"),
                      ((folder / "a.part").string() +
                       " is in use: another `opal fetch` works in this folder; wait until it is "
                       "done")
                          .c_str());
    first.finish();
    CHECK(folder.names() == Lines{"a"});
    CHECK(content_of(folder / "a") == "abc");
}
