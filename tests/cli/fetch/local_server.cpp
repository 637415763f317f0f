// Starts and ends the server, and runs fetches against it. See local_server.h.
#include "tests/cli/fetch/local_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>
#include <algorithm>
#include <cstdio>
#include <sstream>
#include <stdexcept>

using namespace opal::cli::fetch;

LocalServer::LocalServer() {
    const std::string command =
        std::string("exec /usr/bin/python3 -B " OPAL_FETCH_SERVER " ") + (folder_ / "log").string();
    output_ = ::popen(command.c_str(), "r");
    if (output_ == nullptr ||
        std::fscanf(output_, "%d %d %d %d", &port_, &deaf_port_, &tls_port_, &process_) != 4) {
        throw std::runtime_error("the test server did not start");
    }
}

LocalServer::~LocalServer() {
    ::kill(process_, SIGTERM);
    ::pclose(output_);
}

LocalServer& LocalServer::instance() {
    static LocalServer server;
    return server;
}

std::string LocalServer::mirror(const std::string& behaviour, const std::string& tag) const {
    return "http://127.0.0.1:" + std::to_string(port_) + "/" + behaviour + "/" + tag;
}

std::string LocalServer::untrusted_mirror(const std::string& tag) const {
    if (tls_port_ == 0) return "";
    return "https://127.0.0.1:" + std::to_string(tls_port_) + "/good/" + tag;
}

std::string LocalServer::deaf_mirror() const {
    return "http://127.0.0.1:" + std::to_string(deaf_port_);
}

std::string LocalServer::refusing_mirror() const {
    // A port that was free a moment ago, and is not listened at.
    const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    ::bind(socket, reinterpret_cast<sockaddr*>(&address), size);
    ::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size);
    ::close(socket);
    return "http://127.0.0.1:" + std::to_string(ntohs(address.sin_port));
}

std::vector<std::string> LocalServer::requests(const std::string& tag) const {
    std::istringstream log(content_of(folder_ / "log"));
    std::vector<std::string> found;
    for (std::string line; std::getline(log, line);) {
        if (line.starts_with(tag + " ")) found.push_back(line.substr(tag.size() + 1));
    }
    return found;
}

Dataset served_set() {
    Dataset set;
    set.name = "served";
    set.title = "what the test server has";
    set.files = {{"alpha.gz", 300'000,
                  "2f6ea4ffe0004f12bb8f77f3cdc2c547121695dce6c991034f770b6218ad20a9", 198'147, ""},
                 {"beta.txt", 208'890,
                  "7662477756dfd4331017c993f07276f7c1b756f6fcb9a85553ccf4bbd5e8c60a", 0, ""}};
    return set;
}

void RecordingListener::transferring(const std::string&, std::uint64_t before, std::uint64_t now,
                                     std::uint64_t total) {
    last_before = before;
    last_now = now;
    last_total = total;
}

void RecordingListener::has(const std::string& name, const std::string& how) {
    files.push_back(name + ": " + how);
}

void RecordingListener::warns(const std::string& line) {
    warnings.push_back(line);
}

bool FetchRun::run() {
    const Network network;
    return Fetcher(network, {set, folder.path(), mirrors, deadlines}, listener)
        .run(stop.get_token());
}

std::string FetchRun::failure() {
    try {
        run();
    } catch (const FetchError& e) {
        return e.what();
    }
    return "";
}

std::vector<std::string> FetchRun::sorted_names() const {
    auto names = folder.names();
    std::sort(names.begin(), names.end());
    return names;
}

bool FetchRun::is_complete() const {
    // The sums again, by a foreign program.
    const std::string command = "cd " + folder.path().string() +
                                " && gzip -dc alpha.gz | sha256sum | grep -q " +
                                set.files[0].content_sha256 + " && sha256sum beta.txt | grep -q " +
                                set.files[1].content_sha256;
    return sorted_names() == std::vector<std::string>{"alpha.gz", "beta.txt"} &&
           std::system(command.c_str()) == 0;
}
