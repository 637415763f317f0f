// SharedWork: the parts of one large computation, shared out among threads.
//
// For work that takes milliseconds and more: threads are started for the call and gone after it.
// The rule: parts write to places of their own and none needs another's result, so that neither the
// number of threads nor the order of parts changes a byte.
#pragma once

#include <cstddef>
#include <functional>

namespace opal::sim {

// Calls work(part, thread) for every part below `parts`, thread below `threads`; the caller's
// thread is number 0 and works too. Returns when all parts are done; rethrows what a part threw.
void share_work(std::size_t parts, int threads,
                const std::function<void(std::size_t part, int thread)>& work);

}  // namespace opal::sim
