// TransferEnd: what libcurl and HTTP say about a failed transfer, in words that help.
#pragma once

#include "cli/fetch/download.h"

#include <curl/curl.h>
#include <chrono>
#include <string>
#include <string_view>

namespace opal::cli::fetch {

// `reason`: libcurl's own words, may be empty. `status_line`: "404 Not Found", may be empty.
DownloadResult failed_transfer(CURLcode code, std::string_view reason, long http_status,
                               std::string_view status_line, std::chrono::milliseconds connect);

// "20 s", "0.5 s"
std::string deadline_text(std::chrono::milliseconds deadline);

}  // namespace opal::cli::fetch
