// LocalServer: tests/cli/fetch/server.py on the loopback interface, one for all tests of a program.
#pragma once

#include "cli/fetch/fetcher.h"
#include "tests/cli/scratch_folder.h"

#include <string>
#include <vector>

class LocalServer {
public:
    // Started by the first test that needs it; ends with the program.
    static LocalServer& instance();

    // A mirror that behaves so (see server.py), for a test of that name.
    std::string mirror(const std::string& behaviour, const std::string& tag) const;
    // Good, over TLS, with a certificate of its own making; "" where there is no openssl.
    std::string untrusted_mirror(const std::string& tag) const;
    std::string deaf_mirror() const;      // accepts no connection, refuses none
    std::string refusing_mirror() const;  // nobody listens there
    // "BEHAVIOUR FILE RANGE" of every request of that test, in order.
    std::vector<std::string> requests(const std::string& tag) const;

    ~LocalServer();
    LocalServer(const LocalServer&) = delete;
    LocalServer& operator=(const LocalServer&) = delete;

private:
    LocalServer();

    ScratchFolder folder_;
    int port_ = 0;
    int deaf_port_ = 0;
    int tls_port_ = 0;
    int process_ = 0;
    FILE* output_ = nullptr;
};

// The set of the server's files. Lengths and sums are Python's (hashlib), see server.py.
opal::cli::fetch::Dataset served_set();

// What a run told.
struct RecordingListener : opal::cli::fetch::FetchListener {
    std::vector<std::string> files;
    std::vector<std::string> warnings;
    std::uint64_t last_before = 0;
    std::uint64_t last_now = 0;
    std::uint64_t last_total = 0;

    void transferring(const std::string& name, std::uint64_t before, std::uint64_t now,
                      std::uint64_t total) override;
    void has(const std::string& name, const std::string& how) override;
    void warns(const std::string& line) override;
};

// Fetches the served set into a folder; deadlines that only a hung-up wait would miss unless given.
struct FetchRun {
    explicit FetchRun(std::vector<std::string> mirrors_to_try)
        : mirrors(std::move(mirrors_to_try)) {}

    std::vector<std::string> mirrors;
    ScratchFolder folder;
    RecordingListener listener;
    opal::cli::fetch::Dataset set = served_set();
    opal::cli::fetch::Deadlines deadlines{std::chrono::seconds(20), std::chrono::seconds(20),
                                          std::chrono::seconds(60)};
    std::stop_source stop;

    bool run();
    // The message of the FetchError; "" if there was none.
    std::string failure();
    // Both files are there and right, and nothing else is.
    bool is_complete() const;
    std::vector<std::string> sorted_names() const;
};
