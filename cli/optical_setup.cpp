// OpticalSetup: the record, and benches to use it with. See optical_setup.h.
#include "cli/optical_setup.h"

#include "cli/calibration_run.h"
#include "cli/fetch/sha256.h"
#include "cli/files.h"

namespace opal::cli {

OpticalSetup::OpticalSetup(Session& session, const BenchChoice& choice, int inputs,
                           Eigen::Index outputs)
    : session_(session), choice_(choice) {
    const auto opened = choice.open(session);
    record_ = record_for(session, *opened, choice, inputs, outputs);
    fetch::Sha256 digest;
    digest.add(read_file(choice.record_file(*opened)));
    used_ = {opened->bench().name(), choice.bench, choice.overrides, opened->bench().identity(),
             digest.finish()};
}

std::unique_ptr<OpenedBench> OpticalSetup::open(sim::BenchMoment begin) const {
    return choice_.open(session_, begin);
}

}  // namespace opal::cli
