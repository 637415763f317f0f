// LightPool: storage for the light of loaded patterns, used over and over.
//
// A simulated DMD loads dozens of patterns for every batch, and the renderer's threads let go of
// the last ones' light whenever they are done with it. Memory given back to the system and taken
// again costs more than what is written into it.
#pragma once

#include "sim/physics/optics.h"

#include <memory>

namespace opal::sim {

class LightPool {
public:
    LightPool();
    // The light returns to the pool when the last owner lets go of it, in whichever thread, be it
    // after the pool's own end. Its content is whatever was left in it.
    std::shared_ptr<ChannelAmplitudes> take();

private:
    struct Shelf;
    std::shared_ptr<Shelf> shelf_;
};

}  // namespace opal::sim
