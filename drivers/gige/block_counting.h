// BlockCounting: where a camera counts its blocks from: anew in every run, or onward from the run
// before. Cameras do not tell; it is learned from run to run, and in doubt frames are said to be
// lost rather than shifted. Stands between the ids of the stream and the numbers of frames.
//
//   last of the run before   first of this one   this one's number
//   9                        1                   0      anew, and from now on that is known
//   9                        10                  0      onward, and from now on that is known
//   9, onward                13                  2      ids 10 to 12 are lost, or were not seen
//   1                        2                   1      either; 1 is said to be lost
#pragma once

#include <cstdint>

namespace opal::drivers::gige {

class BlockCounting {
public:
    // The number in its run of the first block that came: so many before it are lost.
    std::uint64_t first_number(std::uint64_t id, bool extended);
    // A run is over; the last id that came of it.
    void ended(std::uint64_t last_id) { last_ = last_id; }

private:
    enum class Habit { unknown, anew, onward };

    Habit habit_ = Habit::unknown;
    std::uint64_t last_ = 0;  // 0: there was no run before
};

}  // namespace opal::drivers::gige
