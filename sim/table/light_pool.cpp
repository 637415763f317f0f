// LightPool: a shelf of unused lights, kept alive by all that are out. See light_pool.h.
#include "sim/table/light_pool.h"

#include <mutex>
#include <vector>

namespace opal::sim {

struct LightPool::Shelf {
    std::mutex mutex;
    std::vector<std::unique_ptr<ChannelAmplitudes>> unused;
    std::size_t made = 0;  // `unused` has room for all of them
};

LightPool::LightPool() : shelf_(std::make_shared<Shelf>()) {}

std::shared_ptr<ChannelAmplitudes> LightPool::take() {
    std::unique_ptr<ChannelAmplitudes> light;
    {
        const std::lock_guard lock(shelf_->mutex);
        if (shelf_->unused.empty()) {
            light = std::make_unique<ChannelAmplitudes>();
            shelf_->unused.reserve(++shelf_->made);  // returning must not allocate
        } else {
            light = std::move(shelf_->unused.back());
            shelf_->unused.pop_back();
        }
    }
    return {light.release(), [shelf = shelf_](ChannelAmplitudes* returned) {
                const std::lock_guard lock(shelf->mutex);
                shelf->unused.emplace_back(returned);
            }};
}

}  // namespace opal::sim
