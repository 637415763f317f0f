// RecordLock: one calibration at a time works on a record, and on the partial one beside it.
//
// The lock is the kernel's (flock on <record>.lock): it ends with its holder however that ends, so
// there are no stale ones; the file is empty of meaning when nobody holds it.
#pragma once

#include <filesystem>

namespace opal::cli {

class RecordLock {
public:
    // Throws std::runtime_error at once if somebody else has it, and says who.
    explicit RecordLock(const std::filesystem::path& record);
    ~RecordLock();
    RecordLock(const RecordLock&) = delete;
    RecordLock& operator=(const RecordLock&) = delete;

private:
    std::filesystem::path file_;
    int descriptor_;
};

}  // namespace opal::cli
