// Sha256: the SHA-256 of bytes that come piece by piece [FIPS 180-4], computed by OpenSSL.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>

namespace opal::cli::fetch {

class Sha256 {
public:
    Sha256();
    ~Sha256();

    void add(std::span<const std::byte> bytes);
    // 64 lower-case hex digits. The last call on the object.
    std::string finish();

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace opal::cli::fetch
