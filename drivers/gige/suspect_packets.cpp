// SuspectPackets: what agrees with what.
#include "drivers/gige/suspect_packets.h"

#include <cstdlib>

namespace opal::drivers::gige {

namespace gvsp = protocol::gvsp;

namespace {

constexpr hal::Duration memory = std::chrono::seconds(1);

}  // namespace

void SuspectPackets::keep(const gvsp::Packet& packet, hal::Time now, std::uint64_t reach) {
    const gvsp::Header& header = packet.header;
    if (now > since_ + memory) count_ = 0;
    for (std::size_t i = 0; i < count_; ++i) {
        const gvsp::Header& other = kept_[i].header;
        const std::int64_t away = gvsp::block_distance(other.block, header.block, header.extended);
        if (other.extended != header.extended ||
            static_cast<std::uint64_t>(std::llabs(away)) > reach) {
            count_ = 0;
            break;
        }
        if (away == 0 && other.packet == header.packet) return;  // the same says nothing new
    }
    if (agree()) return;
    if (count_ == 0) since_ = now;
    kept_[count_].header = header;
    kept_[count_].payload.assign(packet.payload.begin(), packet.payload.end());
    ++count_;
}

}  // namespace opal::drivers::gige
