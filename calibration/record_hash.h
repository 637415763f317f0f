// RecordHash: a fingerprint of what a node was computed from, so that a resumed calibration can
// tell whether a stored result still follows from the results before it. Not cryptographic:
// FNV-1a, 64 bits [Fowler 2011].
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace opal::calibration {

struct Dark;
struct Exposure;
struct Carrier;
struct PhotonTransfer;
struct Reference;
struct Map;
struct Identity;
struct Drift;
struct TransmissionMatrix;
struct Validation;

class Fingerprint {
public:
    void add(std::string_view bytes);
    template <typename Result>
    void add_result(Result& result);  // any of the node results
    std::string text() const;         // 16 hexadecimal digits

private:
    std::uint64_t state_ = 14695981039346656037ULL;
};

}  // namespace opal::calibration
