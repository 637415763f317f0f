// Descriptor: the far end of a socket or pseudo-terminal in tests of drivers/: plain system calls.
// Reads end after two seconds of silence; writes are small enough to fit on the way.
#pragma once

#include <doctest/doctest.h>
#include <poll.h>
#include <unistd.h>

#include <cstddef>
#include <vector>

namespace opal::contract {

class Descriptor {
public:
    explicit Descriptor(int number) : number_(number) { REQUIRE(number >= 0); }
    ~Descriptor() { end(); }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;

    int number() const { return number_; }
    void end() {
        if (number_ >= 0) ::close(number_);
        number_ = -1;
    }
    void write(const std::vector<std::byte>& bytes) {
        std::size_t done = 0;
        while (done < bytes.size()) {
            const auto n = ::write(number_, bytes.data() + done, bytes.size() - done);
            REQUIRE(n > 0);
            done += static_cast<std::size_t>(n);
        }
    }
    std::vector<std::byte> read(std::size_t count) {
        std::vector<std::byte> all(count);
        std::size_t done = 0;
        while (done < count) {
            pollfd entry{number_, POLLIN, 0};
            if (::poll(&entry, 1, 2000) <= 0) break;
            const auto n = ::read(number_, all.data() + done, count - done);
            if (n <= 0) break;
            done += static_cast<std::size_t>(n);
        }
        all.resize(done);
        return all;
    }

private:
    int number_;
};

}  // namespace opal::contract
