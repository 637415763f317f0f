// SharedWork: the parts of one large computation, shared out among threads.
//
// For work that takes milliseconds and more: threads are started for the call and gone after it.
// The rule: parts write to places of their own and none needs another's result, so that neither the
// number of threads nor the order of parts changes a byte.
#pragma once

#include <cstddef>
#include <functional>

namespace opal::sim {

void share_among_threads(std::size_t parts, int threads,
                         const std::function<void(std::size_t part, int thread)>& work);

// Calls work(part, thread) for every part below `parts`, thread below `threads`; the caller's
// thread is number 0 and works too. Returns when all parts are done; rethrows what a part threw.
// Allocates nothing when one thread does it all.
template <class Work>
void share_work(std::size_t parts, int threads, const Work& work) {
    if (threads <= 1 || parts <= 1) {
        for (std::size_t part = 0; part < parts; ++part) work(part, 0);
    } else {
        share_among_threads(parts, threads, work);
    }
}

}  // namespace opal::sim
