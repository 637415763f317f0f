// OpenSSL's digest behind three methods. See sha256.h.
#include "cli/fetch/sha256.h"

#include <fmt/format.h>

#include <openssl/evp.h>
#include <array>
#include <new>
#include <stdexcept>

namespace opal::cli::fetch {

struct Sha256::State {
    EVP_MD_CTX* context = EVP_MD_CTX_new();
    State() {
        if (context == nullptr) throw std::bad_alloc();
    }
    ~State() { EVP_MD_CTX_free(context); }
    State(const State&) = delete;
    State& operator=(const State&) = delete;
};

namespace {

void expect_done(int status) {
    if (status != 1) throw std::runtime_error("OpenSSL computes no SHA-256 on this machine");
}

}  // namespace

Sha256::Sha256() : state_(std::make_unique<State>()) {
    expect_done(EVP_DigestInit_ex(state_->context, EVP_sha256(), nullptr));
}

Sha256::~Sha256() = default;

void Sha256::add(std::span<const std::byte> bytes) {
    expect_done(EVP_DigestUpdate(state_->context, bytes.data(), bytes.size()));
}

std::string Sha256::finish() {
    std::array<unsigned char, 32> digest{};
    unsigned int size = 0;
    expect_done(EVP_DigestFinal_ex(state_->context, digest.data(), &size));
    std::string text;
    for (const unsigned char byte : digest) text += fmt::format("{:02x}", byte);
    return text;
}

}  // namespace opal::cli::fetch
