// FuzzMain: a fuzz target as a plain program. Feeds the seeds, then seeded mutations of them; the
// same inputs on every machine, so that a finding can be repeated anywhere.
//
//   fuzz_record --mutations 2000 --seed 1     what ctest runs
//   fuzz_record --only 1234                   one mutation again, for a debugger
//   fuzz_record FILE...                       these files (a finding of libFuzzer, say)
//   fuzz_record --write DIR                   the seeds as files: a first corpus for libFuzzer
//
// Rule: an input may take 10 s (of processor time) and, without sanitizers, 2 GiB. Whatever ends
// the program otherwise is reported with the number that repeats it.
#include "tests/fuzz/mutation.h"

#include <sys/resource.h>
#include <sys/time.h>
#include <unistd.h>

#include <csignal>
#include <cstring>
#include <exception>
#include <fstream>
#include <iterator>

// Present if the program was built with a sanitizer.
extern "C" void __sanitizer_set_death_callback(void (*callback)()) __attribute__((weak));

namespace {

using opal::fuzz::Bytes;

char present[256];  // what is being fed; text for the moment of death

// Only calls that are safe in a signal handler.
void say_what_was_fed() {
    const ssize_t ignored = ::write(STDERR_FILENO, present, std::strlen(present));
    (void)ignored;
}

void die(int signal) {
    say_what_was_fed();
    std::signal(signal, SIG_DFL);
    std::raise(signal);
}

[[noreturn]] void escaped() {
    try {
        std::rethrow_exception(std::current_exception());
    } catch (const std::exception& e) {
        std::fprintf(stderr, "an exception escaped the target: %s\n", e.what());
    } catch (...) {
        std::fprintf(stderr, "an exception escaped the target\n");
    }
    std::abort();
}

void feed(const Bytes& input, const char* what, std::uint64_t number) {
    std::snprintf(present, sizeof present, "while feeding %s %llu\n", what,
                  static_cast<unsigned long long>(number));
    constexpr itimerval patience{{0, 0}, {10, 0}};
    ::setitimer(ITIMER_PROF, &patience, nullptr);
    try {
        opal::fuzz::feed(std::as_bytes(std::span(input)));
    } catch (...) {
        escaped();
    }
}

void watch_over() {
    if (__sanitizer_set_death_callback != nullptr) {
        __sanitizer_set_death_callback(&say_what_was_fed);
    } else {
        constexpr rlimit memory{std::uint64_t{2} << 30, std::uint64_t{2} << 30};
        ::setrlimit(RLIMIT_AS, &memory);
    }
    for (const int signal : {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGPROF})
        std::signal(signal, &die);
}

Bytes read(const char* file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

void write(const std::string& folder, const std::vector<Bytes>& inputs) {
    for (std::size_t i = 0; i < inputs.size(); ++i) {
        std::ofstream out(folder + "/seed-" + std::to_string(i), std::ios::binary);
        out.write(reinterpret_cast<const char*>(inputs[i].data()),
                  static_cast<std::streamsize>(inputs[i].size()));
    }
}

}  // namespace

int main(int argc, char** argv) {
    std::uint64_t mutations = 2000;
    std::uint64_t seed = 1;
    std::uint64_t first = 0;
    std::vector<const char*> files;
    const auto inputs = opal::fuzz::seeds();
    const auto words = opal::fuzz::words();
    for (int i = 1; i < argc; ++i) {
        const std::string_view option = argv[i];
        if (!option.starts_with("--")) {
            files.push_back(argv[i]);
            continue;
        }
        if (i + 1 == argc) {
            std::fprintf(stderr, "%s: a value is missing\n", argv[i]);
            return 2;
        }
        const char* const value = argv[++i];
        if (option == "--mutations") {
            mutations = std::strtoull(value, nullptr, 10);
        } else if (option == "--seed") {
            seed = std::strtoull(value, nullptr, 10);
        } else if (option == "--only") {
            first = std::strtoull(value, nullptr, 10);
            mutations = first + 1;
        } else if (option == "--write") {
            write(value, inputs);
            return 0;
        } else {
            std::fprintf(stderr, "%s: not an option\n", argv[i - 1]);
            return 2;
        }
    }
    watch_over();
    for (std::size_t i = 0; i < files.size(); ++i) feed(read(files[i]), "file number", i);
    if (!files.empty()) return 0;
    for (std::size_t i = 0; first == 0 && i < inputs.size(); ++i) feed(inputs[i], "seed number", i);
    for (std::uint64_t n = first; n < mutations; ++n)
        feed(opal::fuzz::mutated(inputs, words, seed, n), "mutation, repeat with --only", n);
    std::printf("%zu seeds and %llu mutations (seed %llu) did no harm\n", inputs.size(),
                static_cast<unsigned long long>(mutations - first),
                static_cast<unsigned long long>(seed));
    return 0;
}
