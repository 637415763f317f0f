// SceneMemory: how much memory a scene's bench will take, from the scene alone, before anything is
// built - so that a bench that cannot fit is refused in one line instead of killed by the system.
//
// The estimate is for frames of the whole sensor, and errs on the large side. With P pixels of the
// sensor, M modes of its speckle grid (margins included), C macro-pixels, e = 2 if the medium
// decorrelates and else 1, t threads that render and t + 1 that can (whoever waits helps):
//
//   sensor maps      20 P               reference (2 floats) and pixel maps (3 floats)
//   frames           2 P (2 t + 4)      rendered ahead, being taken, and the caller's
//   work space       (t + 1) (4 P + 24 M + e (48 M + 20 C + 16 MiB))
//                                       photo-electrons; fields in int16 and int32; per epoch two
//                                       fields in int64, one being made, four amplitudes, and the
//                                       stored pieces of patterns (field_memory.h)
//   stored medium    2 C M, four times if the medium decorrelates (dense_medium.cpp keeps four);
//                    `automatic` stores at most medium.storage_limit_mib, or draws 16 M per thread
//   layered medium   (t + 1) 32 n       n: power of two that holds C and M (layered_medium.h)
//   DMD              24 C + C           illumination tables, the dark pattern, mirrors (a bit each)
//   loaded patterns  4 C each, up to dmd.memory_patterns of them: told apart, because it is spent
//                    only as patterns are loaded
#pragma once

#include "sim/scene_fields.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace opal::sim {

struct SceneMemory {
    struct Part {
        std::string_view what;
        std::string_view fields;  // that make it smaller
        double bytes = 0;
    };
    std::vector<Part> parts;   // largest first
    double pattern_bytes = 0;  // of one loaded pattern
    double most_patterns = 0;  // bytes when the pattern memory is full

    double bytes() const;  // without loaded patterns
};

// threads: as in BenchOptions.
SceneMemory estimate_memory(const Scene& scene, int threads = 0);

// Why a machine of so many bytes cannot hold the bench, and which fields would change that.
std::optional<SceneProblem> find_memory_problem(const Scene& scene, int threads, double host_bytes);

// Of this machine, swap not counted.
double host_memory_bytes();

// "1.2 GiB"
std::string memory_text(double bytes);

}  // namespace opal::sim
