// Mirrors that work, fail in every way, and come after one another.
#include "tests/cli/fetch/local_server.h"

#include <doctest/doctest.h>

#include <chrono>

namespace {

using Lines = std::vector<std::string>;

bool has(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

LocalServer& server() {
    return LocalServer::instance();
}

}  // namespace

TEST_CASE("a good mirror: every file once, whole, no part file left") {
    FetchRun run({server().mirror("good", "good")});
    CHECK(run.run());
    CHECK(run.is_complete());
    CHECK(run.listener.warnings.empty());
    CHECK(server().requests("good") == Lines{"good alpha.gz -", "good beta.txt -"});
    CHECK(run.listener.last_before == 0);
    CHECK(run.listener.last_now == 208'890);
    CHECK(run.listener.last_total == 208'890);
    SUBCASE("and a second run asks nobody") {
        run.mirrors = {server().refusing_mirror()};
        CHECK(run.run());
        CHECK(run.listener.files.back() == "beta.txt: was there already");
        CHECK(server().requests("good").size() == 2);
    }
}

TEST_CASE("HTTP errors: said with address and status, and the next mirror is tried") {
    const std::string missing = server().mirror("missing", "errors");
    const std::string broken = server().mirror("broken", "errors");
    FetchRun run({missing, broken, server().mirror("good", "errors")});
    CHECK(run.run());
    CHECK(run.is_complete());
    REQUIRE(run.listener.warnings.size() == 4);
    CHECK(run.listener.warnings[0] ==
          missing + "/alpha.gz: HTTP 404 Not Found; trying the next mirror");
    CHECK(run.listener.warnings[1] ==
          broken + "/alpha.gz: HTTP 500 Internal Server Error; trying the next mirror");
}

TEST_CASE("HTTP errors alone: one line says what, where, why and what to do; nothing is left") {
    const auto failure = [](const char* behaviour) {
        FetchRun run({server().mirror(behaviour, "alone")});
        const std::string text = run.failure();
        CHECK(run.folder.names().empty());
        CHECK_FALSE(has(text, "\n"));
        CHECK(has(text, "cannot fetch alpha.gz from http://127.0.0.1:"));
        CHECK(has(text, "place the files by hand (opal fetch served --explain)"));
        return text;
    };
    CHECK(has(failure("missing"), "HTTP 404 Not Found; the file is not there"));
    CHECK(has(failure("broken"), "HTTP 500 Internal Server Error; the mirror is in trouble"));
    CHECK(has(failure("forbidden"), "HTTP 403 Forbidden; the mirror lets nobody in"));
}

TEST_CASE("no connection: refused, and never answered within the deadline") {
    FetchRun refused({server().refusing_mirror()});
    const std::string text = refused.failure();
    CHECK(has(text, "Failed to connect to 127.0.0.1"));
    CHECK(has(text, "check the network; behind a proxy set https_proxy"));

    FetchRun deaf({server().deaf_mirror()});
    deaf.deadlines.connect = std::chrono::milliseconds(300);
    deaf.deadlines.stall = std::chrono::milliseconds(10'000);
    const auto begin = std::chrono::steady_clock::now();
    CHECK(has(deaf.failure(), "no connection within 0.3 s"));
    // Only a hung-up wait would take ten times the deadline.
    CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(3));
}

TEST_CASE("an address that is none, and a name that no resolver knows") {
    CHECK(has(FetchRun({"http://127.0.0.1:99999"}).failure(), "check the address"));
    // RFC 2606 reserves .invalid.
    FetchRun run({"http://nowhere.invalid"});
    run.deadlines.connect = std::chrono::seconds(5);
    run.deadlines.stall = std::chrono::seconds(10);
    CHECK(has(run.failure(), "nowhere.invalid"));
}

TEST_CASE("corrupt: never gets its name, and the next mirror delivers") {
    FetchRun alone({server().mirror("corrupt", "corrupt")});
    CHECK(has(alone.failure(), "what it sends has "));
    CHECK(alone.folder.names().empty());

    FetchRun both({server().mirror("corrupt", "corrupt"), server().mirror("good", "corrupt")});
    CHECK(both.run());
    CHECK(both.is_complete());
    // The plain file: right length, wrong sum. Both sums are told.
    REQUIRE(both.listener.warnings.size() == 2);
    CHECK(has(both.listener.warnings[1], "beta.txt: what it sends has content with SHA-256 "));
    CHECK(has(both.listener.warnings[1], "not " + both.set.files[1].content_sha256));
}

TEST_CASE("a login page instead of the file is called that") {
    FetchRun run({server().mirror("page", "page")});
    CHECK(has(run.failure(), "is a web page and no gzip file; does this network want a login"));
    CHECK(run.folder.names().empty());
}

TEST_CASE("a mirror that never stops sending is stopped") {
    FetchRun run({server().mirror("endless", "endless")});
    // 300,000 bytes of content, 1/64 more, and 64 KiB.
    CHECK(has(run.failure(), "sends more than the 370223 bytes this file can have"));
}

TEST_CASE("a copy that is short at the mirror: said so, the rest comes from the next one") {
    FetchRun run({server().mirror("short", "short"), server().mirror("good", "short")});
    CHECK(run.run());
    CHECK(run.is_complete());
    CHECK(has(run.listener.warnings.at(0), "what it sends is cut off after 198047 bytes"));
    CHECK(has(run.listener.warnings.at(1), "what it sends has 208790 of 208890 bytes"));
    CHECK(server().requests("short") == Lines{"short alpha.gz -", "good alpha.gz bytes=198047-",
                                              "short beta.txt -", "good beta.txt bytes=208790-"});
}

TEST_CASE("redirections: followed, but not in circles and not into this machine") {
    FetchRun moved({server().mirror("moved", "moved")});
    CHECK(moved.run());
    CHECK(moved.is_complete());
    CHECK(has(FetchRun({server().mirror("loop", "loop")}).failure(), "Maximum (5) redirects"));
    CHECK(server().requests("loop").size() == 6);
    FetchRun inward({server().mirror("tofile", "tofile")});
    CHECK(has(inward.failure(), "Protocol \"file\" not supported"));
    CHECK(inward.folder.names().empty());
}

TEST_CASE("TLS: a certificate that nobody vouches for is refused before anything is asked") {
    const std::string mirror = server().untrusted_mirror("tls");
    if (mirror.empty()) {
        MESSAGE("no openssl at hand; not tried");
        return;
    }
    FetchRun run({mirror});
    run.deadlines.connect = std::chrono::seconds(5);
    run.deadlines.stall = std::chrono::seconds(5);
    const std::string text = run.failure();
    CHECK(has(text, "no trusted connection ("));
    CHECK(has(text, "check the clock and the package ca-certificates"));
    CHECK(server().requests("tls").empty());
    CHECK(run.folder.names().empty());
}

TEST_CASE("repacked files are right if their content is") {
    FetchRun run({server().mirror("repacked", "repacked"), server().mirror("good", "repacked")});
    run.set.files.resize(1);
    CHECK(run.run());
    CHECK(server().requests("repacked") == Lines{"repacked alpha.gz -"});
    // Packed by gzip's level 1, with a time of 7 s in its head.
    CHECK(content_of(run.folder / "alpha.gz").size() == 204'737);
}

TEST_CASE("archives: only the wanted files come out, under their own names, checked") {
    for (const char* archive : {"set.tgz", "set.zip"}) {
        CAPTURE(archive);
        FetchRun run({server().mirror("good", archive) + "/" + archive});
        CHECK(run.run());
        CHECK(run.is_complete());  // neither README nor the archive, nothing one folder up
        CHECK(server().requests(archive) == Lines{std::string("good ") + archive + " -"});
    }
    FetchRun wrong({server().mirror("good", "wrong") + "/wrong.tgz"});
    CHECK(has(wrong.failure(), "what it sends holds a beta.txt that has content with SHA-256 "));
    CHECK(wrong.folder.names().empty());
    FetchRun damaged(
        {server().mirror("corrupt", "damaged") + "/set.tgz", server().mirror("good", "damaged")});
    CHECK(damaged.run());
    CHECK(damaged.is_complete());
    CHECK(has(damaged.listener.warnings.at(0), "set.tgz: what it sends "));
    FetchRun cut({server().mirror("short", "cut") + "/set.tgz", server().mirror("good", "cut")});
    CHECK(cut.run());
    CHECK(cut.is_complete());  // the part of the archive is gone, too
    CHECK(has(cut.listener.warnings.at(0), "set.tgz: what it sends cannot be unpacked ("));
}

TEST_CASE("a folder of this machine is a mirror too") {
    FetchRun first({server().mirror("good", "folder")});
    CHECK(first.run());
    FetchRun second({opal::cli::fetch::file_url(first.folder.path())});
    CHECK(second.run());
    CHECK(second.is_complete());
    CHECK(has(FetchRun({"file:///nonexistent"}).failure(), "no such file there"));
    CHECK(opal::cli::fetch::file_url("/a b/\xC3\xA9#%/c") == "file:///a%20b/%C3%A9%23%25/c");
}
