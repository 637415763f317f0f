// Waiting on descriptors with poll(2), resumed after signals.
#include "drivers/descriptor_wait.h"

#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace opal::drivers {
namespace {

Readiness wait_for(int descriptor, short events, hal::Deadline deadline) {
    const hal::SteadyClock clock;
    for (;;) {
        // Rounded up, so that a deadline is never reported early; in slices, because poll counts
        // milliseconds in an int.
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline.left(clock));
        const auto slice = std::min<std::chrono::milliseconds>(left, std::chrono::hours(1));
        pollfd entry{descriptor, events, 0};
        const int found = ::poll(&entry, 1, static_cast<int>(slice.count()));
        if (found > 0) return Readiness::ready;
        if (found < 0 && errno != EINTR)
            throw std::system_error(errno, std::generic_category(), "poll");
        if (found == 0 && deadline.passed(clock)) return Readiness::deadline;
    }
}

}  // namespace

Readiness wait_readable(int descriptor, hal::Deadline deadline) {
    return wait_for(descriptor, POLLIN, deadline);
}

Readiness wait_writable(int descriptor, hal::Deadline deadline) {
    return wait_for(descriptor, POLLOUT, deadline);
}

}  // namespace opal::drivers
