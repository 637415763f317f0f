// Causes and advice. See transfer_end.h.
#include "cli/fetch/transfer_end.h"

#include <fmt/format.h>

namespace opal::cli::fetch {

namespace {

constexpr const char* check_network =
    "check the network; behind a proxy set https_proxy and http_proxy";

DownloadResult http_failure(long status, std::string_view status_line) {
    constexpr long range_not_satisfiable = 416;
    const std::string cause =
        fmt::format("HTTP {}", status_line.empty() ? std::to_string(status) : status_line);
    if (status == range_not_satisfiable) return {Ending::no_range, cause, ""};
    if (status >= 500 || status == 429 || status == 408) {
        return {Ending::refused, cause, "the mirror is in trouble or busy; try again later"};
    }
    if (status == 407) return {Ending::refused, cause, "the proxy wants a login"};
    if (status == 401 || status == 403) {
        return {Ending::refused, cause, "the mirror lets nobody in; name another with --from"};
    }
    return {Ending::refused, cause, "the file is not there; name another mirror with --from"};
}

}  // namespace

DownloadResult failed_transfer(CURLcode code, std::string_view reason, long http_status,
                               std::string_view status_line, std::chrono::milliseconds connect) {
    std::string cause(reason.empty() ? curl_easy_strerror(code) : reason);
    switch (code) {
        case CURLE_HTTP_RETURNED_ERROR:
            return http_failure(http_status, status_line);
        case CURLE_OPERATION_TIMEDOUT:
            return {Ending::refused, fmt::format("no connection within {}", deadline_text(connect)),
                    check_network};
        case CURLE_COULDNT_RESOLVE_HOST:
        case CURLE_COULDNT_RESOLVE_PROXY:
        case CURLE_COULDNT_CONNECT:
            return {Ending::refused, cause, check_network};
        case CURLE_PARTIAL_FILE:
        case CURLE_RECV_ERROR:
        case CURLE_SEND_ERROR:
        case CURLE_GOT_NOTHING:
        case CURLE_HTTP2:
        case CURLE_HTTP2_STREAM:
            return {Ending::cut_off, fmt::format("the connection broke ({})", cause),
                    check_network};
        case CURLE_TOO_MANY_REDIRECTS:
            return {Ending::refused, cause,
                    "the mirror sends in circles; name another with --from"};
        case CURLE_PEER_FAILED_VERIFICATION:
        case CURLE_SSL_CONNECT_ERROR:
        case CURLE_SSL_CACERT_BADFILE:
            return {Ending::refused, fmt::format("no trusted connection ({})", cause),
                    "check the clock and the package ca-certificates"};
        case CURLE_FILE_COULDNT_READ_FILE:
            return {Ending::refused, "no such file there", "check the folder given with --from"};
        default:
            return {Ending::refused, cause, "check the address"};
    }
}

std::string deadline_text(std::chrono::milliseconds deadline) {
    return fmt::format("{:g} s", static_cast<double>(deadline.count()) / 1000);
}

}  // namespace opal::cli::fetch
