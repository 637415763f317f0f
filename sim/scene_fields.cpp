// The table itself: one entry per member of sim/scene.h, in its order.
#include "sim/scene_fields.h"

#include <array>

namespace opal::sim {
namespace {

constexpr SceneRange any{};
constexpr SceneRange not_negative{0};
constexpr SceneRange share{0, 1};

constexpr SceneRange between(double least, double most) {
    return {least, most};
}
constexpr SceneRange above(double least, double most) {
    return {least, most, true};
}

// Shorthand for the accessor of one member.
#define OPAL_FIELD(type, member) (+[](Scene& s) -> type& { return s.member; })

const SceneChoice medium_kind{{"dense", "layered"},
                              [](const Scene& s) { return static_cast<int>(s.medium.kind); },
                              [](Scene& s, int i) { s.medium.kind = static_cast<MediumKind>(i); }};
const SceneChoice medium_storage{
    {"automatic", "always", "never"},
    [](const Scene& s) { return static_cast<int>(s.medium.storage); },
    [](Scene& s, int i) { s.medium.storage = static_cast<Storage>(i); }};
const SceneChoice pace{{"virtual_time", "real_time"},
                       [](const Scene& s) { return static_cast<int>(s.pace); },
                       [](Scene& s, int i) { s.pace = static_cast<Pace>(i); }};

const std::array fields{
    SceneField{"name", OPAL_FIELD(std::string, name), any, "", "what people call this bench",
               false},
    SceneField{"seed", OPAL_FIELD(std::uint64_t, seed), any, "",
               "decides the medium, the noise and where defects are"},
    SceneField{"pace", pace, any, "", "whether waits last on the host as on the bench", false},

    SceneField{"dmd.rows", OPAL_FIELD(int, dmd.rows), between(1, 16384), "mirrors",
               "height of the mirror array"},
    SceneField{"dmd.columns", OPAL_FIELD(int, dmd.columns), between(1, 16384), "mirrors",
               "width of the mirror array"},
    SceneField{"dmd.pitch_um", OPAL_FIELD(double, dmd.pitch_um), above(0, 1000), "um",
               "distance between mirrors"},
    SceneField{"dmd.macro_pixel_px", OPAL_FIELD(int, dmd.macro_pixel_px), between(1, 16384),
               "mirrors", "side of the squares the medium resolves"},
    SceneField{"dmd.contrast", OPAL_FIELD(double, dmd.contrast), between(1, 1e9), "",
               "intensity of an on mirror over that of an off mirror"},
    SceneField{"dmd.stuck_on", OPAL_FIELD(int, dmd.stuck_on), not_negative, "mirrors",
               "mirrors that are always on"},
    SceneField{"dmd.stuck_off", OPAL_FIELD(int, dmd.stuck_off), not_negative, "mirrors",
               "mirrors that are always off"},
    SceneField{"dmd.illumination_waist_px", OPAL_FIELD(double, dmd.illumination_waist_px),
               between(0, 1e6), "mirrors", "1/e^2 intensity radius of the beam; 0: uniform"},
    SceneField{"dmd.illumination_row_offset_px", OPAL_FIELD(double, dmd.illumination_row_offset_px),
               between(-1e5, 1e5), "mirrors",
               "centre of the beam from the centre of the DMD, downwards"},
    SceneField{"dmd.illumination_column_offset_px",
               OPAL_FIELD(double, dmd.illumination_column_offset_px), between(-1e5, 1e5), "mirrors",
               "the same, to the right"},
    SceneField{"dmd.min_exposure_us", OPAL_FIELD(double, dmd.min_exposure_us), between(1, 1e6),
               "us", "shortest time a pattern is shown"},
    SceneField{"dmd.min_dark_us", OPAL_FIELD(double, dmd.min_dark_us), between(0, 1e6), "us",
               "shortest dark time that ends the trigger pulse"},
    SceneField{"dmd.settle_us", OPAL_FIELD(double, dmd.settle_us), between(0, 1e6), "us",
               "from the trigger edge to mirrors at rest"},
    SceneField{"dmd.memory_patterns", OPAL_FIELD(int, dmd.memory_patterns), between(1, 1 << 20), "",
               "patterns the DMD can hold, and entries of its longest sequence"},

    SceneField{"medium.kind", medium_kind, any, "",
               "dense: every entry drawn; layered: fast transforms"},
    SceneField{"medium.storage", medium_storage, any, "",
               "whether matrix entries are kept in memory; never changes a frame", false},
    SceneField{"medium.storage_limit_mib", OPAL_FIELD(double, medium.storage_limit_mib),
               between(0, 1e7), "MiB", "with storage automatic: kept if they fit into this", false},
    SceneField{"medium.decorrelation_s", OPAL_FIELD(double, medium.decorrelation_s),
               between(0, 1e9), "s",
               "field correlation with time 0 reaches 0 here, quarter cosine; 0: never"},

    SceneField{"speckle.pixels_per_mode_rows", OPAL_FIELD(int, speckle.pixels_per_mode_rows),
               between(1, 64), "px", "from one independent speckle sample to the next, downwards"},
    SceneField{"speckle.pixels_per_mode_columns", OPAL_FIELD(int, speckle.pixels_per_mode_columns),
               between(1, 64), "px", "the same, to the right"},

    SceneField{"reference.carrier_rows_cpp",
               OPAL_FIELD(double, reference.carrier_rows_cpp),
               {-0.5, 0.5, true, true},
               "cycles per pixel",
               "tilt of the reference, downwards"},
    SceneField{"reference.carrier_columns_cpp",
               OPAL_FIELD(double, reference.carrier_columns_cpp),
               {-0.5, 0.5, true, true},
               "cycles per pixel",
               "the same, to the right"},
    SceneField{"reference.ratio", OPAL_FIELD(double, reference.ratio), between(1e-3, 1e6), "",
               "reference over mean signal intensity with half of the mirrors on"},
    SceneField{"reference.waist_px", OPAL_FIELD(double, reference.waist_px), between(0, 1e6), "px",
               "1/e^2 intensity radius on the sensor; 0: flat"},
    SceneField{"reference.row_offset_px", OPAL_FIELD(double, reference.row_offset_px),
               between(-1e5, 1e5), "px",
               "centre of the reference from the centre of the sensor, downwards"},
    SceneField{"reference.column_offset_px", OPAL_FIELD(double, reference.column_offset_px),
               between(-1e5, 1e5), "px", "the same, to the right"},
    SceneField{"reference.curvature_rad_per_px2",
               OPAL_FIELD(double, reference.curvature_rad_per_px2), between(-0.01, 0.01),
               "rad per square pixel", "phase = curvature * distance^2 from the sensor's centre"},
    SceneField{"reference.blocked", OPAL_FIELD(bool, reference.blocked), any, "",
               "a beam block in the reference arm: the camera sees the signal alone", false},

    SceneField{"stability.drift_rad", OPAL_FIELD(double, stability.drift_rad), between(0, 100),
               "rad", "rms of the slow phase drift between the arms"},
    SceneField{"stability.drift_time_s", OPAL_FIELD(double, stability.drift_time_s),
               between(1e-3, 1e9), "s", "correlation time of the drift"},
    SceneField{"stability.vibration_rad", OPAL_FIELD(double, stability.vibration_rad),
               between(0, 100), "rad", "rms phase of the vibration"},
    SceneField{"stability.vibration_hz", OPAL_FIELD(double, stability.vibration_hz),
               between(0, 1e6), "Hz", "frequency of the vibration"},

    SceneField{"sensor.rows", OPAL_FIELD(int, sensor.rows), between(1, 16384), "px",
               "height of the sensor"},
    SceneField{"sensor.columns", OPAL_FIELD(int, sensor.columns), between(1, 16384), "px",
               "width of the sensor"},
    SceneField{"sensor.pitch_um", OPAL_FIELD(double, sensor.pitch_um), above(0, 1000), "um",
               "distance between pixels"},
    SceneField{"sensor.quantum_efficiency", OPAL_FIELD(double, sensor.quantum_efficiency),
               above(0, 1), "electrons per photon", "share of photons that become electrons"},
    SceneField{"sensor.reference_photons_per_px_us",
               OPAL_FIELD(double, sensor.reference_photons_per_px_us), between(0, 1e6),
               "photons per pixel and us", "from the reference alone, at the laser's full power"},
    SceneField{"sensor.full_well_e", OPAL_FIELD(double, sensor.full_well_e), between(1, 1e6), "e-",
               "electrons a pixel can hold"},
    SceneField{"sensor.dark_current_e_per_s", OPAL_FIELD(double, sensor.dark_current_e_per_s),
               between(0, 1e6), "e-/s", "at 25 C"},
    SceneField{"sensor.dark_doubling_k", OPAL_FIELD(double, sensor.dark_doubling_k),
               between(3, 100), "K", "warming that doubles the dark current"},
    SceneField{"sensor.temperature_c", OPAL_FIELD(double, sensor.temperature_c), between(-100, 120),
               "C", "of the sensor"},
    SceneField{"sensor.dsnu_e", OPAL_FIELD(double, sensor.dsnu_e), between(0, 1e4), "e-",
               "rms of the dark offset between pixels"},
    SceneField{"sensor.prnu", OPAL_FIELD(double, sensor.prnu), between(0, 0.5), "",
               "rms of the relative gain between pixels"},
    SceneField{"sensor.read_noise_e", OPAL_FIELD(double, sensor.read_noise_e), between(0, 1e4),
               "e-", "rms"},
    SceneField{"sensor.gain_e_per_dn8", OPAL_FIELD(double, sensor.gain_e_per_dn8),
               between(0.01, 1e5), "e-/DN", "at 8 bits; 10 and 12 bits divide it by 4 and 16"},
    SceneField{"sensor.black_level_dn8", OPAL_FIELD(double, sensor.black_level_dn8),
               between(0, 255), "DN", "count of darkness at 8 bits; scaled likewise"},
    SceneField{"sensor.hot_pixel_fraction", OPAL_FIELD(double, sensor.hot_pixel_fraction), share,
               "", "share of pixels with a large dark current"},
    SceneField{"sensor.hot_pixel_e_per_s", OPAL_FIELD(double, sensor.hot_pixel_e_per_s),
               between(0, 1e9), "e-/s", "their dark current"},
    SceneField{"sensor.min_exposure_us", OPAL_FIELD(double, sensor.min_exposure_us),
               between(0.1, 1e6), "us", "shortest exposure"},
    SceneField{"sensor.readout_us_per_row", OPAL_FIELD(double, sensor.readout_us_per_row),
               between(0, 1000), "us", "the next exposure waits for all rows of the region"},
    SceneField{"sensor.trigger_delay_us", OPAL_FIELD(double, sensor.trigger_delay_us),
               between(0, 1e6), "us", "fixed delay from edge to exposure, on top of the setting"},
    SceneField{"sensor.shot_noise", OPAL_FIELD(bool, sensor.shot_noise), any, "",
               "whether photons are counted with Poisson noise"},

    SceneField{"laser.wavelength_nm", OPAL_FIELD(double, laser.wavelength_nm), between(100, 20000),
               "nm", "of the light"},
    SceneField{"laser.max_power_mw", OPAL_FIELD(double, laser.max_power_mw), above(0, 1e5), "mW",
               "no code can ask for more"},
    SceneField{"laser.warm_up_s", OPAL_FIELD(double, laser.warm_up_s), between(0, 3600), "s",
               "from emission to the set power"},
    SceneField{"laser.power_noise", OPAL_FIELD(double, laser.power_noise), between(0, 0.5), "",
               "relative rms, from frame to frame"},
    SceneField{"laser.power_drift", OPAL_FIELD(double, laser.power_drift), between(0, 0.5), "",
               "relative rms, slow"},
    SceneField{"laser.power_drift_time_s", OPAL_FIELD(double, laser.power_drift_time_s),
               between(1e-3, 1e9), "s", "correlation time of the power drift"},
    SceneField{"laser.interlock_closed", OPAL_FIELD(bool, laser.interlock_closed), any, "",
               "whether the door is closed when the bench is made", false},
};

#undef OPAL_FIELD

}  // namespace

std::span<const SceneField> scene_fields() {
    return fields;
}

}  // namespace opal::sim
