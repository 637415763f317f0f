// Scene: everything that defines a simulated bench. Same scene, same seed, same commit: the same
// frame bytes.
//
// Values are what a data sheet or an optics lab would write down; the physics turns them into
// fixed-point numbers once. Scene files (YAML) carry the same names; see sim/scene_file.h. Rows
// come before columns everywhere.
#pragma once

#include <cstdint>
#include <string>

namespace opal::sim {

enum class MediumKind { dense, layered };
enum class Storage { automatic, always, never };  // of the matrix entries
enum class Pace { virtual_time, real_time };

struct DmdScene {
    int rows = 1080;
    int columns = 1920;
    double pitch_um = 7.56;
    int macro_pixel_px =
        40;  // the medium resolves squares of this many mirrors: one matrix column each
    double contrast = 2000;  // intensity on : off of one mirror
    int stuck_on = 0;        // mirrors, placed by the seed
    int stuck_off = 0;
    double illumination_waist_px =
        1100;  // 1/e^2 intensity radius of the Gaussian beam on the DMD; 0: uniform
    double illumination_row_offset_px = 0;  // beam centre relative to the DMD's centre
    double illumination_column_offset_px = 0;
    double min_exposure_us = 105;
    double min_dark_us = 20;  // shorter dark times do not end the trigger pulse
    double settle_us = 13;
    int memory_patterns = 4096;
};

struct MediumScene {
    MediumKind kind = MediumKind::dense;
    Storage storage = Storage::automatic;
    double storage_limit_mib = 2048;
    double decorrelation_s =
        0;  // field correlation with t = 0 falls to 0 here, quarter cosine; 0: never
};

struct SpeckleScene {
    int pixels_per_mode_rows = 4;  // pixels from one mode (independent speckle sample) to the next
    int pixels_per_mode_columns = 4;
};

struct ReferenceScene {
    double carrier_rows_cpp = 0.375;  // cycles per pixel, in (-0.5, 0.5)
    double carrier_columns_cpp = 0.375;
    double ratio = 16;         // reference : mean signal intensity with half of the mirrors on
    double waist_px = 0;       // 1/e^2 intensity radius on the sensor; 0: flat
    double row_offset_px = 0;  // beam centre relative to the sensor's centre
    double column_offset_px = 0;
    double curvature_rad_per_px2 =
        0;                 // wavefront: phase = curvature * distance^2 from the sensor's centre
    bool blocked = false;  // a beam block in the arm: the camera sees the signal alone
};

struct StabilityScene {
    double drift_rad = 0;      // rms of the slow phase drift between the arms
    double drift_time_s = 10;  // its correlation time
    double vibration_rad = 0;  // rms phase of the vibration
    double vibration_hz = 0;
};

struct SensorScene {  // after EMVA 1288
    int rows = 1080;
    int columns = 1440;
    double pitch_um = 3.45;
    double quantum_efficiency = 0.7;
    double reference_photons_per_px_us =
        40;  // from the reference beam at the laser's maximum power
    double full_well_e = 10000;
    double dark_current_e_per_s = 5;  // at 25 C
    double dark_doubling_k = 7;
    double temperature_c = 35;
    double dsnu_e = 1;   // rms of the dark offset between pixels
    double prnu = 0.01;  // rms of the relative gain between pixels
    double read_noise_e = 2.5;
    double gain_e_per_dn8 = 40;  // electrons per DN at 8 bits; 10 and 12 bits divide it by 4 and 16
    double black_level_dn8 = 4;  // at 8 bits; scaled likewise
    double hot_pixel_fraction = 0;
    double hot_pixel_e_per_s = 5000;
    double min_exposure_us = 5;
    double readout_us_per_row = 0.5;
    double trigger_delay_us =
        3;  // fixed delay from edge to start of exposure, on top of the setting
    bool shot_noise = true;
};

struct LaserScene {
    double wavelength_nm = 532;
    double max_power_mw = 50;
    double warm_up_s = 5;
    double power_noise = 0;  // relative rms, from frame to frame
    double power_drift = 0;  // relative rms, slow
    double power_drift_time_s = 60;
    bool interlock_closed = true;
};

struct Scene {
    std::string name = "custom";
    std::uint64_t seed = 1;
    Pace pace = Pace::virtual_time;
    DmdScene dmd;
    MediumScene medium;
    SpeckleScene speckle;
    ReferenceScene reference;
    StabilityScene stability;
    SensorScene sensor;
    LaserScene laser;
};

}  // namespace opal::sim
