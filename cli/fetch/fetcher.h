// Fetcher: a whole data set into one folder, from whichever mirrors work.
//
//   Dataset, mirrors -> download -> NAME.part -> content check -> NAME      for every file
//                                                        derived files at the end
//
// The rule: a file in the folder under its final name is right, always. A file that is there and
// right is kept, so a second run costs no download.
#pragma once

#include "cli/fetch/dataset.h"
#include "cli/fetch/download.h"

#include <filesystem>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <vector>

namespace opal::cli::fetch {

// No mirror had it, or the folder cannot be used. One line: what, where, why, what to do.
struct FetchError : std::runtime_error {
    using std::runtime_error::runtime_error;
};

// Watches a run.
class FetchListener {
public:
    virtual ~FetchListener() = default;
    // Bytes of `name` on this machine before, now and at the end (0: unknown); called often.
    virtual void transferring(const std::string& name, std::uint64_t before, std::uint64_t now,
                              std::uint64_t total) = 0;
    virtual void has(const std::string& name, const std::string& how) = 0;  // and it is right
    virtual void warns(const std::string& line) = 0;  // something went wrong, the run goes on
};

struct FetchOrder {
    const Dataset& dataset;
    std::filesystem::path folder;
    std::vector<std::string> mirrors;
    Deadlines deadlines;
};

class Fetcher {
public:
    Fetcher(const Network& network, FetchOrder order, FetchListener& listener);

    // False if it was stopped. Throws FetchError, and std::runtime_error if this machine fails.
    bool run(const std::stop_token& stop);

private:
    struct Attempt;
    struct Source;

    bool has_already(const WantedFile& file) const;
    bool fetch(const WantedFile& file, const std::stop_token& stop);
    Attempt fetch_from(const std::string& mirror, const WantedFile& file,
                       const std::stop_token& stop);
    Attempt fill(PartFile& part, const Source& source, const std::stop_token& stop);
    void unpack(const PartFile& archive, const std::vector<WantedFile>& files);
    void derive(const DerivedFile& file) const;
    std::vector<WantedFile> missing() const;

    const Network& network_;
    FetchOrder order_;
    FetchListener& listener_;
};

}  // namespace opal::cli::fetch
