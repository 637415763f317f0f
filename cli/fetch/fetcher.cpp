// Mirrors in turn, each asked again while it brings bytes. See fetcher.h.
#include "cli/fetch/fetcher.h"

#include "cli/fetch/archive.h"
#include "cli/fetch/content_check.h"
#include "cli/fetch/sha256.h"
#include "cli/files.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <system_error>

namespace opal::cli::fetch {

namespace fs = std::filesystem;

namespace {

// Times a mirror that cuts off may do so, as long as every time brings bytes.
constexpr int most_cuts = 5;
// Longest archive that is taken in: the content of Cora is 8 MB.
constexpr std::uint64_t most_archive_bytes = 256'000'000;

std::string joined(const std::string& base, const std::string& name) {
    return base + (base.ends_with('/') ? "" : "/") + name;
}

std::string last_component(const std::string& url) {
    return url.substr(url.rfind('/') + 1);
}

bool is_there(const fs::path& file) {
    std::error_code error;
    return fs::exists(file, error);
}

// A mirror on this machine that another package would have to install first.
bool is_absent_folder(const std::string& mirror, const Dataset& dataset) {
    constexpr std::string_view scheme = "file://";
    const auto& listed = dataset.mirrors;
    return mirror.starts_with(scheme) &&
           std::find(listed.begin(), listed.end(), mirror) != listed.end() &&
           !is_there(mirror.substr(scheme.size()));
}

}  // namespace

// What a part file is filled from, and how it is judged.
struct Fetcher::Source {
    std::string url;
    std::uint64_t most_bytes;
    std::function<Verdict(const fs::path&)> check;
};

struct Fetcher::Attempt {
    enum class End { done, failed, stopped } end = End::done;
    std::string url;
    std::string cause;
    std::string advice;
};

Fetcher::Fetcher(const Network& network, FetchOrder order, FetchListener& listener)
    : network_(network), order_(std::move(order)), listener_(listener) {}

bool Fetcher::run(const std::stop_token& stop) {
    std::error_code error;
    fs::create_directories(order_.folder, error);
    if (error) {
        throw FetchError(fmt::format("cannot make the folder {}: {}; name another with --to",
                                     order_.folder.string(), error.message()));
    }
    for (const WantedFile& file : order_.dataset.files) {
        if (has_already(file)) {
            listener_.has(file.name, "was there already");
        } else if (!fetch(file, stop)) {
            return false;
        }
    }
    for (const std::string& mirror : order_.mirrors) {
        const fs::path archive = order_.folder / last_component(mirror);
        if (is_archive(mirror) && is_there(archive.string() + ".part")) {
            PartFile(archive).discard();  // begun, and then another mirror had the files
        }
    }
    for (const DerivedFile& file : order_.dataset.derived) {
        derive(file);
        listener_.has(file.name, "made from " + file.from);
    }
    return true;
}

bool Fetcher::has_already(const WantedFile& file) const {
    const fs::path content = order_.folder / file.content_name();
    if (file.is_packed() && is_there(content)) {
        const Verdict verdict = check_content(content, file, false);
        if (verdict.soundness == Soundness::sound) return true;
        // Programs read it rather than the .gz; and it may be somebody's own work.
        throw FetchError(fmt::format("{} {}; it is not the published file: remove or rename it",
                                     content.string(), verdict.why));
    }
    const fs::path path = order_.folder / file.name;
    if (!is_there(path)) return false;
    const Verdict verdict = check_content(path, file, file.is_packed());
    if (verdict.soundness == Soundness::sound) return true;
    listener_.warns(
        fmt::format("{} {}; it is fetched again and replaced", path.string(), verdict.why));
    return false;
}

bool Fetcher::fetch(const WantedFile& file, const std::stop_token& stop) {
    Attempt last;
    int tried = 0;
    for (const std::string& mirror : order_.mirrors) {
        if (is_absent_folder(mirror, order_.dataset)) continue;
        if (tried > 0) {
            listener_.warns(fmt::format("{}: {}; trying the next mirror", last.url, last.cause));
        }
        ++tried;
        last = fetch_from(mirror, file, stop);
        if (last.end == Attempt::End::done) return true;
        if (last.end == Attempt::End::stopped) return false;
    }
    throw FetchError(fmt::format(
        "cannot fetch {} from {}: {}{}{}; {}, or place the files by hand "
        "(opal fetch {} --explain)",
        file.name, last.url, last.cause, tried > 1 ? fmt::format("; {} mirrors failed", tried) : "",
        last.advice.empty() ? "" : "; " + last.advice,
        is_there(order_.folder / (file.name + ".part")) ? "the same command resumes"
                                                        : "run the same command again",
        order_.dataset.name));
}

Fetcher::Attempt Fetcher::fetch_from(const std::string& mirror, const WantedFile& file,
                                     const std::stop_token& stop) {
    if (!is_archive(mirror)) {
        PartFile part(order_.folder / file.name);
        const Source source{joined(mirror, file.name), file.most_bytes(), [&](const fs::path& p) {
                                return check_content(p, file, file.is_packed());
                            }};
        const Attempt attempt = fill(part, source, stop);
        if (attempt.end == Attempt::End::done) {
            part.finish();
            listener_.has(file.name, "fetched and checked");
        }
        return attempt;
    }
    const std::vector<WantedFile> files = missing();
    PartFile archive(order_.folder / last_component(mirror));
    const Source source{mirror, most_archive_bytes,
                        [&](const fs::path& p) { return check_archive(p, files); }};
    const Attempt attempt = fill(archive, source, stop);
    if (attempt.end == Attempt::End::done) {
        unpack(archive, files);
        archive.discard();
    }
    return attempt;
}

// Until the part file holds what is wanted, or there is no use in asking this mirror any more.
Fetcher::Attempt Fetcher::fill(PartFile& part, const Source& source, const std::stop_token& stop) {
    const auto failed = [&](const std::string& cause, const std::string& advice = {}) {
        return Attempt{Attempt::End::failed, source.url, cause, advice};
    };
    const std::string name = part.target().filename().string();
    if (part.size() > 0) {
        // A run may have ended between the last byte and the final name.
        const Verdict verdict = source.check(part.path());
        if (verdict.soundness == Soundness::sound) return {};
        if (verdict.soundness == Soundness::wrong) part.restart();
    }
    bool started_over = false;
    for (int cuts = 0;;) {
        const std::uint64_t before = part.size();
        const DownloadResult result =
            download(network_, source.url, part, source.most_bytes, order_.deadlines, stop,
                     [&](std::uint64_t kept, std::uint64_t now, std::uint64_t total) {
                         listener_.transferring(name, kept, now, total);
                     });
        Verdict verdict;
        switch (result.ending) {
            case Ending::interrupted:
                return {Attempt::End::stopped, source.url, {}, {}};
            case Ending::refused:
                return failed(result.cause, result.advice);
            case Ending::whole:
            case Ending::perhaps_whole:
                verdict = source.check(part.path());
                if (verdict.soundness == Soundness::sound) return {};
                break;
            case Ending::cut_off:
                verdict = {Soundness::incomplete, result.cause};
                break;
            case Ending::no_range:
                if (before == 0 || started_over) return failed(result.cause);
                verdict = {Soundness::wrong, result.cause};
                break;
        }
        if (verdict.soundness == Soundness::incomplete && result.ending != Ending::whole) {
            if (part.size() > before && ++cuts < most_cuts) continue;
            return failed(verdict.why, result.advice);
        }
        // Whole and not right: what was there before and what came do not fit together (mirrors
        // pack differently), or what is there is not the file.
        if (verdict.soundness == Soundness::wrong || before > 0) part.restart();
        if (before == 0 || started_over) return failed("what it sends " + verdict.why);
        started_over = true;
    }
}

void Fetcher::unpack(const PartFile& archive, const std::vector<WantedFile>& files) {
    read_archive(archive.path(), [&](const std::string& member, const MemberBytes& bytes) {
        const auto file = std::find_if(files.begin(), files.end(),
                                       [&](const WantedFile& f) { return f.name == member; });
        if (file == files.end() || has_already(*file)) return;
        PartFile part(order_.folder / file->name);
        part.restart();
        bytes([&](std::span<const std::byte> piece) {
            part.append(piece);
            return true;
        });
        const Verdict verdict = check_content(part.path(), *file, file->is_packed());
        if (verdict.soundness != Soundness::sound) {
            throw FetchError(
                fmt::format("{} {} although the archive was right; is the disk full or failing?",
                            part.path().string(), verdict.why));
        }
        part.finish();
        listener_.has(file->name, fmt::format("fetched inside {}, checked",
                                              archive.target().filename().string()));
    });
}

std::vector<WantedFile> Fetcher::missing() const {
    std::vector<WantedFile> files;
    for (const WantedFile& file : order_.dataset.files) {
        if (!has_already(file)) files.push_back(file);
    }
    return files;
}

void Fetcher::derive(const DerivedFile& file) const {
    const auto bytes = read_file(order_.folder / file.from);
    const std::string text = file.make({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
    Sha256 digest;
    digest.add(std::as_bytes(std::span(text)));
    if (text.size() != file.bytes || digest.finish() != file.sha256) {
        throw std::logic_error(file.name + " made from the right file is not right");
    }
    write_file(order_.folder / file.name, text);
}

}  // namespace opal::cli::fetch
