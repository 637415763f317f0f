// SharedWork: see shared_work.h.
#include "sim/physics/shared_work.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace opal::sim {

void share_among_threads(std::size_t parts, int threads,
                         const std::function<void(std::size_t part, int thread)>& work) {
    const auto team = static_cast<int>(std::min(parts, static_cast<std::size_t>(threads)));
    std::atomic<std::size_t> next{0};
    std::mutex mutex;  // guards failure
    std::exception_ptr failure;
    const auto take_parts = [&](int thread) {
        try {
            for (std::size_t part = next++; part < parts; part = next++) work(part, thread);
        } catch (...) {
            next = parts;
            const std::lock_guard lock(mutex);
            failure = std::current_exception();
        }
    };
    std::vector<std::thread> others;
    others.reserve(static_cast<std::size_t>(team) - 1);
    for (int thread = 1; thread < team; ++thread) others.emplace_back(take_parts, thread);
    take_parts(0);
    for (std::thread& other : others) other.join();
    if (failure) std::rethrow_exception(failure);
}

}  // namespace opal::sim
