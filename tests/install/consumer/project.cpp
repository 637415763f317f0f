// A foreign program that uses an installed OPAL: calibrates the ideal simulated bench and projects
// one vector through it.
#include "calibration/calibrate.h"
#include "projection/optical_projector.h"
#include "sim/scene_file.h"
#include "sim/simulated_bench.h"

#include <cmath>
#include <exception>
#include <iostream>

int main() {
    try {
        const auto bench = opal::sim::make_simulated_bench(opal::sim::load_scene("ideal"));

        opal::calibration::Options wanted;
        wanted.inputs = 10;
        wanted.region_rows = 64;
        wanted.region_columns = 64;
        opal::calibration::Observer silent;
        const auto record = opal::calibration::calibrate(*bench, wanted, silent);

        opal::projection::OpticalProjector projector(*bench, record, {});
        opal::dfa::Matrix errors = opal::dfa::Matrix::Zero(1, projector.inputs());
        errors(0, 0) = 1;
        errors(0, 3) = -1;
        opal::dfa::Matrix feedback;
        projector.project(errors, feedback);

        // A component has variance |e|^2 / inputs = 0.2. The mean square of N independent Gaussian
        // components scatters by sqrt(2 / N) of itself; speckle grains and the ten columns'
        // different powers add to that, so a factor of two either way is what must hold.
        const double mean_square =
            static_cast<double>(feedback.squaredNorm()) / static_cast<double>(feedback.size());
        std::cout << projector.description() << ": " << feedback.cols()
                  << " components, mean square " << mean_square << ", expected 0.2\n";
        return feedback.cols() > 0 && mean_square > 0.1 && mean_square < 0.4 ? 0 : 1;
    } catch (const std::exception& error) {
        std::cerr << "project: " << error.what() << '\n';
        return 1;
    }
}
