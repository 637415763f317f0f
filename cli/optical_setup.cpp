// OpticalSetup: the record, and benches to use it with. See optical_setup.h.
#include "cli/optical_setup.h"

#include "cli/calibration_run.h"
#include "cli/fetch/sha256.h"
#include "cli/files.h"

#include <utility>

namespace opal::cli {

namespace {

BenchUsed used_bench(OpenedBench& opened, const BenchChoice& choice,
                     const calibration::Record& record, const std::filesystem::path& file) {
    fetch::Sha256 digest;
    digest.add(read_file(file));
    return {opened.bench().name(),     choice.bench,    choice.overrides,
            opened.bench().identity(), digest.finish(), hal::bits_of(record.holography.format)};
}

}  // namespace

OpticalSetup::OpticalSetup(Session& session, const BenchChoice& choice, int inputs,
                           Eigen::Index outputs)
    : session_(session), choice_(choice) {
    const auto opened = choice.open(session);
    record_ = record_for(session, *opened, choice, inputs, outputs);
    used_ = used_bench(*opened, choice, record_, choice.record_file(*opened));
}

OpticalSetup::OpticalSetup(Session& session, const BenchChoice& choice, calibration::Record record,
                           const std::filesystem::path& file)
    : session_(session), choice_(choice), record_(std::move(record)) {
    used_ = used_bench(*choice.open(session), choice, record_, file);
}

std::unique_ptr<OpenedBench> OpticalSetup::open(sim::BenchMoment begin) const {
    return choice_.open(session_, begin);
}

}  // namespace opal::cli
