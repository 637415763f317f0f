// One transfer with libcurl's multi interface, so that deadlines and Ctrl-C act at once. See
// download.h.
#include "cli/fetch/download.h"

#include "cli/fetch/transfer_end.h"

#include <fmt/format.h>

#include <curl/curl.h>
#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <exception>
#include <memory>
#include <new>
#include <optional>
#include <stdexcept>
#include <string_view>

namespace opal::cli::fetch {

namespace {

using Clock = std::chrono::steady_clock;

constexpr long most_redirects = 5;
constexpr int wait_ms = 100;  // at most, before deadlines are looked at

struct EasyCleanup {
    void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
};
struct MultiCleanup {
    void operator()(CURLM* handle) const { curl_multi_cleanup(handle); }
};

template <typename Value>
void set(CURL* handle, CURLoption option, Value value) {
    const CURLcode status = curl_easy_setopt(handle, option, value);
    if (status != CURLE_OK) {
        throw std::runtime_error(fmt::format("libcurl {} cannot do what is needed here: {}",
                                             LIBCURL_VERSION, curl_easy_strerror(status)));
    }
}

// "Content-Range: bytes 100-199/200" -> 100
std::optional<std::uint64_t> range_begin(std::string_view header) {
    constexpr std::string_view name = "content-range:";
    if (header.size() < name.size()) return std::nullopt;
    for (std::size_t i = 0; i < name.size(); ++i) {
        if (std::tolower(static_cast<unsigned char>(header[i])) != name[i]) return std::nullopt;
    }
    const std::size_t digits = header.find_first_of("0123456789", name.size());
    if (digits == std::string_view::npos) return std::nullopt;
    std::uint64_t begin = 0;
    const char* const end = header.data() + header.size();
    const auto parsed = std::from_chars(header.data() + digits, end, begin);
    if (parsed.ec != std::errc{} || parsed.ptr == end || *parsed.ptr != '-') return std::nullopt;
    return begin;
}

class Transfer {
public:
    Transfer(const std::string& url, PartFile& part, std::uint64_t most_bytes,
             const Deadlines& deadlines, const TransferProgress& progress)
        : part_(part),
          most_bytes_(most_bytes),
          deadlines_(deadlines),
          progress_(progress),
          local_(url.starts_with("file://")),
          easy_(curl_easy_init()),
          multi_(curl_multi_init()) {
        if (easy_ == nullptr || multi_ == nullptr) throw std::bad_alloc();
        if (local_) part_.restart();
        before_ = part_.size();
        CURL* const c = easy_.get();
        set(c, CURLOPT_URL, url.c_str());
        set(c, CURLOPT_ERRORBUFFER, reason_.data());
        set(c, CURLOPT_NOSIGNAL, 1L);
        set(c, CURLOPT_FAILONERROR, 1L);
        set(c, CURLOPT_USERAGENT, "opal/" OPAL_VERSION);
        set(c, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(deadlines.connect.count()));
        set(c, CURLOPT_PROTOCOLS_STR, "http,https,file");
        // A redirection may not leave encryption behind, nor reach into this machine.
        set(c, CURLOPT_REDIR_PROTOCOLS_STR, url.starts_with("https:") ? "https" : "http,https");
        set(c, CURLOPT_FOLLOWLOCATION, 1L);
        set(c, CURLOPT_MAXREDIRS, most_redirects);
        set(c, CURLOPT_WRITEDATA, this);
        set(c, CURLOPT_WRITEFUNCTION, &Transfer::take_body);
        set(c, CURLOPT_HEADERDATA, this);
        set(c, CURLOPT_HEADERFUNCTION, &Transfer::take_header);
        if (before_ > 0) {
            range_ = fmt::format("{}-", before_);
            set(c, CURLOPT_RANGE, range_.c_str());
        }
    }

    DownloadResult run(const std::stop_token& stop) {
        curl_multi_add_handle(multi_.get(), easy_.get());
        const std::stop_callback wake(stop, [this] { curl_multi_wakeup(multi_.get()); });
        const Clock::time_point begin = Clock::now();
        last_byte_ = begin;
        DownloadResult result;
        for (;;) {
            int running = 0;
            const CURLMcode status = curl_multi_perform(multi_.get(), &running);
            if (status != CURLM_OK) throw std::runtime_error(curl_multi_strerror(status));
            if (fault_) std::rethrow_exception(fault_);
            if (running == 0) {
                result = ended();
                break;
            }
            if (stop.stop_requested()) {
                result.ending = Ending::interrupted;
                break;
            }
            const Clock::time_point now = Clock::now();
            if (now - last_byte_ > deadlines_.stall) {
                result = end_of_patience(Ending::cut_off, "nothing came for", deadlines_.stall);
                break;
            }
            if (now - begin > deadlines_.total) {
                result = end_of_patience(Ending::refused, "not done within", deadlines_.total);
                break;
            }
            curl_multi_poll(multi_.get(), nullptr, 0, wait_ms, nullptr);
        }
        curl_multi_remove_handle(multi_.get(), easy_.get());
        return result;
    }

private:
    static std::size_t take_header(char* data, std::size_t size, std::size_t n, void* self) {
        static_cast<Transfer*>(self)->header({data, size * n});
        return size * n;
    }

    // What throws inside a callback must not travel through C.
    static std::size_t take_body(char* data, std::size_t size, std::size_t n, void* self) {
        auto* const transfer = static_cast<Transfer*>(self);
        try {
            return transfer->body({data, size * n}) ? size * n : CURL_WRITEFUNC_ERROR;
        } catch (...) {
            transfer->fault_ = std::current_exception();
            return CURL_WRITEFUNC_ERROR;
        }
    }

    void header(std::string_view line) {
        last_byte_ = Clock::now();
        if (line.starts_with("HTTP/")) {  // of this answer, or of the one after a redirection
            while (!line.empty() && std::isspace(static_cast<unsigned char>(line.back())) != 0) {
                line.remove_suffix(1);
            }
            const std::size_t blank = line.find(' ');
            status_line_ = blank == std::string_view::npos ? "" : line.substr(blank + 1);
            answered_from_.reset();
        } else if (const auto begin = range_begin(line)) {
            answered_from_ = begin;
        }
    }

    // False ends the transfer with stopped_.
    bool body(std::string_view bytes) {
        last_byte_ = Clock::now();
        if (!judged_) {
            judged_ = true;
            if (!local_ && before_ > 0 && !continues_part()) return false;
        }
        if (part_.size() + bytes.size() > most_bytes_) {
            stopped_ = {Ending::refused,
                        fmt::format("sends more than the {} bytes this file can have", most_bytes_),
                        ""};
            return false;
        }
        part_.append(std::as_bytes(std::span(bytes)));
        if (progress_)
            progress_(before_, part_.size(), announced() > 0 ? before_ + announced() : 0);
        return true;
    }

    // The server was asked for the rest; it may send that, or everything, or something else.
    bool continues_part() {
        if (status() == 206) {
            if (answered_from_ == before_) return true;
            stopped_ = {Ending::no_range, "the server sent another part than it was asked for", ""};
            return false;
        }
        part_.restart();
        before_ = 0;
        return true;
    }

    long status() const {
        long code = 0;
        curl_easy_getinfo(easy_.get(), CURLINFO_RESPONSE_CODE, &code);
        return code;
    }

    // Bytes of this answer; 0: not said.
    std::uint64_t announced() const {
        curl_off_t length = -1;
        curl_easy_getinfo(easy_.get(), CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
        return length > 0 ? static_cast<std::uint64_t>(length) : 0;
    }

    DownloadResult ended() {
        int left = 0;
        const CURLMsg* const message = curl_multi_info_read(multi_.get(), &left);
        if (message == nullptr) throw std::runtime_error("libcurl ended without a result");
        if (stopped_) return *stopped_;
        if (message->data.result != CURLE_OK) {
            return failed_transfer(message->data.result, reason_.data(), status(), status_line_,
                                   deadlines_.connect);
        }
        if (!local_ && status() != 200 && status() != 206) {
            return failed_transfer(CURLE_HTTP_RETURNED_ERROR, "", status(), status_line_,
                                   deadlines_.connect);
        }
        const bool said = local_ || announced() > 0;
        return {said ? Ending::whole : Ending::perhaps_whole, "", ""};
    }

    static DownloadResult end_of_patience(Ending ending, const char* what,
                                          std::chrono::milliseconds deadline) {
        return {ending, fmt::format("{} {}", what, deadline_text(deadline)),
                "the mirror or the network is slow; try again later"};
    }

    PartFile& part_;
    std::uint64_t most_bytes_;
    Deadlines deadlines_;
    const TransferProgress& progress_;
    bool local_;
    std::array<char, CURL_ERROR_SIZE> reason_{};
    std::string range_;
    std::unique_ptr<CURL, EasyCleanup> easy_;
    std::unique_ptr<CURLM, MultiCleanup> multi_;
    std::uint64_t before_ = 0;  // bytes that need not come again
    bool judged_ = false;       // the head of the answer
    std::string status_line_;   // "404 Not Found"
    std::optional<std::uint64_t> answered_from_;
    std::optional<DownloadResult> stopped_;
    Clock::time_point last_byte_;
    std::exception_ptr fault_;
};

}  // namespace

Network::Network() {
    const CURLcode status = curl_global_init(CURL_GLOBAL_DEFAULT);
    if (status != CURLE_OK) throw std::runtime_error(curl_easy_strerror(status));
}

Network::~Network() {
    curl_global_cleanup();
}

DownloadResult download(const Network&, const std::string& url, PartFile& part,
                        std::uint64_t most_bytes, const Deadlines& deadlines,
                        const std::stop_token& stop, const TransferProgress& progress) {
    return Transfer(url, part, most_bytes, deadlines, progress).run(stop);
}

std::string file_url(const std::filesystem::path& folder) {
    std::string url = "file://";
    for (const char c : std::filesystem::absolute(folder).lexically_normal().string()) {
        const auto byte = static_cast<unsigned char>(c);
        // Unreserved characters and the separator [RFC 3986, section 2.3].
        if (std::isalnum(byte) != 0 ||
            std::string_view("/-._~").find(c) != std::string_view::npos) {
            url += c;
        } else {
            url += fmt::format("%{:02X}", byte);
        }
    }
    return url;
}

}  // namespace opal::cli::fetch
