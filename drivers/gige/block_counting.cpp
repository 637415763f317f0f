// BlockCounting: the habit, and the number that follows from it.
#include "drivers/gige/block_counting.h"

#include "protocol/gvsp.h"

namespace opal::drivers::gige {
namespace {

// Nobody loses more than this at the beginning of a run and calls it a run.
constexpr std::uint64_t near_beginning = 1024;
// A camera that begins anew would have to lose at least so many blocks, and none behind them, to
// look as if it went on.
constexpr std::uint64_t enough_to_tell = 3;

}  // namespace

std::uint64_t BlockCounting::first_number(std::uint64_t id, bool extended) {
    const std::int64_t ahead = last_ == 0 ? 0 : protocol::gvsp::block_distance(last_, id, extended);
    if (last_ != 0 && ahead <= 0)
        habit_ = Habit::anew;
    else if (id > near_beginning || (ahead == 1 && last_ >= enough_to_tell))
        habit_ = Habit::onward;
    const std::uint64_t before = habit_ != Habit::onward ? id - 1
                                 : ahead > 0             ? static_cast<std::uint64_t>(ahead) - 1
                                                         : 0;
    return before < near_beginning ? before : 0;
}

}  // namespace opal::drivers::gige
