// EventLog: one line, one flush.
#include "sim/table/event_log.h"

#include <fmt/format.h>

namespace opal::sim {

void EventLog::write(hal::Duration at, std::string_view device, std::string_view event,
                     std::string_view details) {
    if (!out_) return;
    const auto ns = at.count();
    const std::string line = fmt::format(
        "{{\"t_s\":{}.{:09},\"device\":\"{}\",\"event\":\"{}\"{}{}}}\n", ns / 1'000'000'000,
        ns % 1'000'000'000, device, event, details.empty() ? "" : ",", details);
    const std::lock_guard lock(mutex_);
    *out_ << line << std::flush;
}

}  // namespace opal::sim
