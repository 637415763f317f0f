// UploadProgress: begins anew whenever fewer bytes have been sent than before.
#include "cli/upload_progress.h"

#include "cli/progress.h"

#include <chrono>
#include <memory>

namespace opal::cli {

namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::seconds worth_a_line{1};

struct Upload {
    Clock::time_point began;
    std::uint64_t sent = 0;
    std::unique_ptr<Progress> line;
};

}  // namespace

drivers::UploadReport upload_progress(const Terminal& terminal) {
    return [&terminal, upload = std::make_shared<Upload>()](std::uint64_t sent,
                                                            std::uint64_t total) {
        const Clock::time_point now = Clock::now();
        if (upload->sent == 0 || sent <= upload->sent) {
            upload->began = now;
            // From the beginning, so that its rate is that of the whole upload.
            upload->line = std::make_unique<Progress>(terminal, "upload", "kB");
        }
        upload->sent = sent;
        if (sent == total) {
            upload->line.reset();
            upload->sent = 0;
            return;
        }
        if (now - upload->began < worth_a_line) return;
        upload->line->update(static_cast<double>(sent) * 1e-3, static_cast<double>(total) * 1e-3);
    };
}

}  // namespace opal::cli
