// RunFacts: see run_facts.h.
#include "replay/run_facts.h"

namespace opal::replay {

BenchFacts facts_of(hal::Bench& bench) {
    return {bench.name(),        bench.identity(),      bench.laser_limit_mw(),
            bench.dmd().info(),  bench.camera().info(), bench.camera().settings(),
            bench.laser().info()};
}

}  // namespace opal::replay
