// `opal fetch` as a program: what is printed where, exit codes, Ctrl-C, and the real data sets.
#include "tests/cli/fetch/local_server.h"

#include <doctest/doctest.h>

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>
#include <chrono>
#include <thread>

namespace fs = std::filesystem;

namespace {

struct Ran {
    int code = -1;
    std::string out;
    std::string err;
};

bool has(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

// HOME and XDG_DATA_HOME lie in the scratch folder.
Ran opal_fetch(const ScratchFolder& scratch, const std::string& arguments) {
    const std::string command = "HOME=" + scratch.path().string() +
                                " XDG_DATA_HOME=" + (scratch / "share").string() + " " +
                                OPAL_FETCH_DRIVER " fetch " + arguments + " >" +
                                (scratch / "out").string() + " 2>" + (scratch / "err").string();
    const int status = std::system(command.c_str());
    return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, content_of(scratch / "out"),
            content_of(scratch / "err")};
}

std::string mirror(const std::string& behaviour) {
    return LocalServer::instance().mirror(behaviour, "program");
}

}  // namespace

TEST_CASE("--explain: every file with sums, the folder, and no network") {
    const ScratchFolder scratch;
    const Ran ran = opal_fetch(scratch, "mnist --explain");
    CHECK(ran.code == 0);
    CHECK(ran.err.empty());
    CHECK(has(ran.out, "put these files into " + (scratch / "share/opal/mnist").string() + "\n"));
    for (const char* part :
         {"train-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz", " 9912422 bytes",
          "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
          "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2", "sha256sum"}) {
        CAPTURE(part);
        CHECK(has(ran.out, part));
    }
    CHECK_FALSE(fs::exists(scratch / "share"));
    CHECK(has(opal_fetch(scratch, "cora --explain").out, "planetoid_split.tsv"));
}

TEST_CASE("bad command lines: exit code 2 and one line") {
    const ScratchFolder scratch;
    const Ran unknown = opal_fetch(scratch, "imagenet");
    CHECK(unknown.code == 2);
    CHECK(unknown.err ==
          "opal: error: no data set 'imagenet'; there are mnist, fashion-mnist, cora\n");
    const Ran ftp = opal_fetch(scratch, "mnist --from ftp://x.invalid/");
    CHECK(ftp.code == 2);
    CHECK(has(ftp.err, "--from ftp://x.invalid/: want http://, https:// or a folder"));
    CHECK(has(opal_fetch(scratch, "mnist --from /nonexistent").err, "no such folder"));
}

TEST_CASE("a failure prints how to do it by hand, then one line, and exits with 1") {
    const ScratchFolder scratch;
    const Ran ran = opal_fetch(scratch, "cora --from " + mirror("broken") + " --from " +
                                            LocalServer::instance().refusing_mirror());
    CHECK(ran.code == 1);
    CHECK(ran.out.empty());
    CHECK(has(ran.err, "/cora.content: HTTP 500 Internal Server Error; trying the next mirror\n"));
    CHECK(has(ran.err, "b8ebed0fd45e53995abafd1b70cf6a9fcc8f86abc5826d69b97fe6ca46e9c8ee"));
    const std::string last = ran.err.substr(ran.err.rfind('\n', ran.err.size() - 2) + 1);
    CHECK(last.starts_with("opal: error: cannot fetch cora.content from http://127.0.0.1:"));
    CHECK(has(last, "2 mirrors failed"));
}

TEST_CASE("Ctrl-C: exit code 130, one line that says so, and only a part file") {
    const ScratchFolder scratch;
    fs::create_directory(scratch / "set");
    // alpha.gz of the server under a name of MNIST is not what is wanted, but it is on its way.
    const std::string command = "exec " OPAL_FETCH_DRIVER " fetch mnist --to " +
                                (scratch / "set").string() + " --from " + mirror("slow") + " 2>" +
                                (scratch / "err").string();
    const pid_t child = ::fork();
    if (child == 0) {
        ::execl("/bin/sh", "sh", "-c", command.c_str(), nullptr);
        ::_exit(127);
    }
    const fs::path part = scratch / "set/train-images-idx3-ubyte.gz.part";
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    std::error_code none;
    while ((!fs::exists(part, none) || fs::file_size(part, none) == 0) &&
           std::chrono::steady_clock::now() < deadline) {
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    ::kill(child, SIGINT);
    int status = 0;
    ::waitpid(child, &status, 0);
    CHECK(WIFEXITED(status));
    CHECK(WEXITSTATUS(status) == 130);
    CHECK(has(content_of(scratch / "err"), "opal: stopped by Ctrl-C; what came is kept in "));
    CHECK(fs::exists(part));
    CHECK(fs::file_size(part) > 0);
    CHECK(std::distance(fs::directory_iterator(scratch / "set"), fs::directory_iterator()) == 1);
}

TEST_CASE("the real data sets, from a folder that has them") {
    struct Set {
        const char* name;
        fs::path folder;
        int files;
    };
    for (const Set& set :
         {Set{"mnist", OPAL_SHARED_DATA "/mnist", 4}, Set{"cora", OPAL_SHARED_DATA "/cora", 3},
          Set{"fashion-mnist", "/usr/share/datasets/fashion-mnist", 4}}) {
        if (!fs::exists(set.folder)) {
            MESSAGE(set.name << " is not at hand; not tried");
            continue;
        }
        const ScratchFolder scratch;
        const Ran ran = opal_fetch(scratch, set.name + (" --from " + set.folder.string()));
        CAPTURE(ran.err);
        CHECK(ran.code == 0);
        const fs::path there = scratch / (std::string("share/opal/") + set.name);
        CHECK(ran.out == set.name + (" is complete and checked in " + there.string() + "\n"));
        CHECK(std::distance(fs::directory_iterator(there), fs::directory_iterator()) == set.files);
        const std::string same = "for f in " + there.string() + "/*; do cmp -s $f " +
                                 set.folder.string() + "/$(basename $f) || exit 1; done";
        CHECK(std::system(same.c_str()) == 0);
    }
}
