// The simulated bench: an optical table with direct devices on it.
#include "sim/simulated_bench.h"

#include "sim/direct/direct_camera.h"
#include "sim/direct/direct_dmd.h"
#include "sim/direct/direct_laser.h"
#include "sim/scene_memory.h"
#include "sim/table/optical_table.h"

#include <fmt/format.h>

#include <cassert>
#include <stdexcept>

namespace opal::sim {
namespace {

Scene checked(const Scene& scene, int threads) {
    auto problem = find_problem(scene);
    if (!problem) problem = find_memory_problem(scene, threads, host_memory_bytes());
    if (problem)
        throw std::invalid_argument(
            fmt::format("scene '{}': {}: {}", scene.name, problem->path, problem->text));
    return scene;
}

class TableBench final : public SimulatedBench {
public:
    TableBench(const Scene& scene, const BenchOptions& options)
        : scene_(checked(scene, options.threads)),
          name_(fmt::format("simulated bench '{}'", scene.name)),
          identity_(fmt::format("simulated:{}", scene_fingerprint(scene))),
          table_(scene_, options.events, options.begin.time, options.faults),
          camera_(table_, scene_, options.threads, options.begin.exposures),
          dmd_(table_, scene_),
          laser_(table_, scene_) {
        if (FaultInjector* const faults = table_.faults()) {
            faults->open_door = [this](hal::Duration at, hal::Duration closed_again_at) {
                table_.clock_at(at, [this] { laser_.set_interlock(false); });
                table_.clock_at(closed_again_at, [this] { laser_.set_interlock(true); });
            };
        }
    }

    // Light goes first, whatever happens after.
    ~TableBench() override {
        laser_.off();
        dmd_.stop();
        camera_.disarm();
    }

    hal::Dmd& dmd() override { return dmd_; }
    hal::Camera& camera() override { return camera_; }
    hal::Laser& laser() override { return laser_; }
    hal::Clock& clock() override { return table_.clock(); }
    const std::string& name() const override { return name_; }
    const std::string& identity() const override { return identity_; }
    double laser_limit_mw() const override { return scene_.laser.max_power_mw; }

    const Scene& scene() const override { return scene_; }
    BenchMoment moment() override {
        assert(laser_.status().state == hal::LaserState::off && !camera_.status().armed);
        return {table_.now(), camera_.exposures_taken()};
    }
    std::vector<std::complex<double>> true_field(const hal::BitPattern& pattern,
                                                 hal::Region region) const override {
        return table_.optics().true_field(pattern, region);
    }
    std::vector<std::complex<double>> true_reference(hal::Region region) const override {
        return table_.optics().true_reference(region);
    }
    std::vector<std::complex<double>> true_field_at(const hal::BitPattern& pattern,
                                                    hal::Region region,
                                                    hal::Duration at) const override {
        return table_.optics().true_field(pattern, region, at);
    }
    void set_interlock(bool closed) override { laser_.set_interlock(closed); }
    const FaultInjector* faults() const override { return table_.faults(); }

private:
    const Scene scene_;
    const std::string name_;
    const std::string identity_;
    OpticalTable table_;
    DirectCamera camera_;
    DirectDmd dmd_;
    DirectLaser laser_;
};

}  // namespace

std::unique_ptr<SimulatedBench> make_simulated_bench(const Scene& scene,
                                                     const BenchOptions& options) {
    return std::make_unique<TableBench>(scene, options);
}

}  // namespace opal::sim
