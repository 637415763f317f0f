// RecordHash: see record_hash.h.
#include "calibration/record_hash.h"

#include "calibration/record_fields.h"

#include <fmt/format.h>

#include <optional>
#include <type_traits>

namespace opal::calibration {

namespace {

class HashArchive {
public:
    explicit HashArchive(Fingerprint& print) : print_(print) {}

    void text(const char* name, std::string& value) {
        print_.add(name);
        print_.add(value);
    }
    template <typename T>
    void number(const char* name, const char*, T& value) {
        print_.add(name);
        raw(value);
    }
    void measured(const char* name, const char*, Measured& m) {
        print_.add(name);
        raw(m.value);
        raw(m.sigma);
    }
    void time(const char* name, hal::Duration& d) {
        print_.add(name);
        raw(d);
    }
    void format(const char* name, hal::PixelFormat& f) {
        print_.add(name);
        raw(f);
    }
    template <typename T>
    void array(const char* name, const char*, std::vector<T>& values, const Shape&) {
        print_.add(name);
        print_.add({reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)});
    }
    template <typename T>
    void list(const char* name, std::vector<T>& values) {
        print_.add(name);
        for (T& value : values) fields(*this, value);
    }
    template <typename T>
    void group(const char* name, T& value) {
        // What was found is the result; when, and in which words, is not.
        if constexpr (std::is_same_v<T, Verdict>) return;
        print_.add(name);
        fields(*this, value);
    }
    template <typename T>
    void group(const char* name, std::optional<T>& value) {
        print_.add(name);
        if (value) fields(*this, *value);
    }

private:
    template <typename T>
    void raw(const T& value) {
        static_assert(std::is_trivially_copyable_v<T>);
        print_.add({reinterpret_cast<const char*>(&value), sizeof value});
    }
    Fingerprint& print_;
};

}  // namespace

void Fingerprint::add(std::string_view bytes) {
    // The length first, so that "ab" + "c" differs from "a" + "bc".
    std::uint64_t length = bytes.size();
    for (int i = 0; i < 8; ++i, length >>= 8) {
        state_ ^= length & 255U;
        state_ *= 1099511628211ULL;
    }
    for (const char c : bytes) {
        state_ ^= static_cast<unsigned char>(c);
        state_ *= 1099511628211ULL;
    }
}

template <typename Result>
void Fingerprint::add_result(Result& result) {
    HashArchive archive(*this);
    fields(archive, result);
}

template void Fingerprint::add_result(Dark&);
template void Fingerprint::add_result(Exposure&);
template void Fingerprint::add_result(Carrier&);
template void Fingerprint::add_result(PhotonTransfer&);
template void Fingerprint::add_result(Reference&);
template void Fingerprint::add_result(Map&);
template void Fingerprint::add_result(Identity&);
template void Fingerprint::add_result(Drift&);
template void Fingerprint::add_result(TransmissionMatrix&);
template void Fingerprint::add_result(Validation&);

std::string Fingerprint::text() const {
    return fmt::format("{:016x}", state_);
}

}  // namespace opal::calibration
