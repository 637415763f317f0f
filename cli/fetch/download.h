// Download: one address into one part file, by HTTP(S) or from a folder of this machine.
//
//   address -> libcurl -> PartFile
//
// What is in the part file already is not fetched again if the server can send the rest (Range,
// RFC 9110 section 14); if it cannot, the part file starts afresh with what it sends. Whether the
// bytes are right is not judged here. Every wait has a deadline.
#pragma once

#include "cli/fetch/part_file.h"

#include <chrono>
#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>

namespace opal::cli::fetch {

struct Deadlines {
    std::chrono::milliseconds connect{20'000};
    std::chrono::milliseconds stall{30'000};     // without a byte
    std::chrono::milliseconds total{3'600'000};  // one file from one mirror
};

enum class Ending {
    whole,          // the server has nothing more to send, and said how long it is
    perhaps_whole,  // the server hung up without having said how long it is
    cut_off,        // bytes are missing; asking again can bring the rest
    no_range,       // the rest cannot be had from there; only everything can
    refused,        // no use to ask there again now
    interrupted,
};

struct DownloadResult {
    Ending ending = Ending::whole;
    std::string cause;   // "HTTP 404 Not Found"; empty if whole
    std::string advice;  // what the user could do about it
};

// Bytes in the part file before, now, and at the end (0: unknown).
using TransferProgress =
    std::function<void(std::uint64_t before, std::uint64_t now, std::uint64_t total)>;

// libcurl's global state; one lives while there are downloads.
class Network {
public:
    Network();
    ~Network();
    Network(const Network&) = delete;
    Network& operator=(const Network&) = delete;
};

// More than `most_bytes` in the part file end it. Throws std::runtime_error if this machine fails
// (a full disk); a mirror that fails is a result.
DownloadResult download(const Network& network, const std::string& url, PartFile& part,
                        std::uint64_t most_bytes, const Deadlines& deadlines,
                        const std::stop_token& stop, const TransferProgress& progress);

// A folder's path as an address: file:///..., absolute, what needs it percent-encoded.
std::string file_url(const std::filesystem::path& folder);

}  // namespace opal::cli::fetch
