// Progress: how far a long step is, how fast it goes, and when it will be done.
//
// On a terminal one line that is rewritten a few times a second:
//   drift                [######------]  52 %  1040/2000 frames  412/s  2 s left
// otherwise a plain line every few seconds. The clock is the user's, not the bench's.
#pragma once

#include "cli/terminal.h"

#include <chrono>
#include <string>
#include <string_view>

namespace opal::cli {

class Progress {
public:
    Progress(const Terminal& terminal, std::string label, std::string unit);
    ~Progress();  // clears the line if it is still there
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;

    // total 0: unknown. `detail` is shown at the end. Cheap to call often.
    void update(double done, double total, std::string_view detail = {});
    // Plain lines, one per period, even on a terminal: for steps that go on side by side.
    void as_lines(std::chrono::seconds period);
    void clear();  // takes the line off a terminal, so that something else can be printed

private:
    using Clock = std::chrono::steady_clock;
    std::string line(double done, double total, std::string_view detail, bool bar) const;

    const Terminal& terminal_;
    std::string label_;
    std::string unit_;
    Clock::time_point started_;
    Clock::time_point shown_;
    std::chrono::seconds line_period_{5};
    bool lines_ = false;
    bool visible_ = false;
};

// "850 ms", "12 s", "3 min 05 s", "2 h 10 min"
std::string duration_text(double seconds);

}  // namespace opal::cli
