// Trial: one run of one check: the rig it runs on, and what it found. The OPAL_... macros need a
// variable `trial` in scope.
#pragma once

#include "contract/rig.h"
#include "hal/error.h"

#include <chrono>
#include <cmath>
#include <concepts>
#include <exception>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace opal::contract {

// Thrown where going on would make no sense; what was wrong is already noted.
struct Abandoned : std::exception {};
// Thrown by Trial::skip().
struct Skipped : std::exception {};

// What a value looks like in a message.
template <typename T>
std::string text_of(const T& value) {
    if constexpr (std::is_same_v<T, bool>)
        return value ? "true" : "false";
    else if constexpr (std::is_enum_v<T>)
        return std::to_string(static_cast<int>(value));
    else if constexpr (std::is_arithmetic_v<T>)
        return std::to_string(value);
    else if constexpr (std::is_convertible_v<T, std::string>)
        return "'" + std::string(value) + "'";
    else if constexpr (std::is_convertible_v<T, hal::Duration>)
        return std::to_string(hal::Duration(value).count()) + " ns";
    else
        return "another";
}

class Trial {
public:
    explicit Trial(Rig& rig) : rig_(rig) {}

    hal::Bench& bench() { return rig_.bench(); }
    Rig& rig() { return rig_; }
    hal::Duration lit_exposure() const { return rig_.lit_exposure; }
    hal::Duration time_tolerance() const { return rig_.time_tolerance(); }
    // Ends the check: this bench cannot show what it asks about.
    [[noreturn]] void skip(const std::string& why);

    // Returns `good`; notes what was expected otherwise.
    bool expect(bool good, const std::string& text, const char* file, int line);

    template <typename A, typename B>
    bool expect_equal(const A& a, const B& b, const char* text, const char* file, int line) {
        bool same = false;
        if constexpr (std::integral<A> && std::integral<B> && !std::is_same_v<A, bool>)
            same = std::cmp_equal(a, b);
        else
            same = a == b;
        return expect(same, text + (": " + text_of(a)) + " and " + text_of(b), file, line);
    }
    // |a - b| <= relative * max(1, |b|), as doctest::Approx compares.
    bool expect_near(double a, double b, double relative, const char* text, const char* file,
                     int line) {
        return expect(std::abs(a - b) < relative * (1 + std::max(std::abs(a), std::abs(b))),
                      text + (": " + text_of(a)) + " and " + text_of(b), file, line);
    }

    const std::vector<std::string>& failures() const { return failures_; }
    const std::string& skipped() const { return skipped_; }

private:
    Rig& rig_;
    std::vector<std::string> failures_;
    std::string skipped_;
};

// The fault `call` has to throw: its kind, and words its one-line message has to contain.
template <typename Call>
void check_fault(Trial& trial, hal::ErrorKind kind, const std::vector<std::string>& words,
                 Call&& call, const char* file = __builtin_FILE(), int line = __builtin_LINE()) {
    const std::string wanted = "a fault [" + std::string(to_string(kind)) + "] was due";
    try {
        call();
    } catch (const hal::DeviceError& error) {
        const std::string text = error.what();
        trial.expect(error.kind() == kind, wanted + "; it said: " + text, file, line);
        trial.expect(text.find('\n') == std::string::npos, "more than one line: " + text, file,
                     line);
        trial.expect(!error.device().empty(), "no device is named: " + text, file, line);
        trial.expect(!error.operation().empty(), "no operation is named: " + text, file, line);
        for (const std::string& word : words)
            trial.expect(text.find(word) != std::string::npos,
                         "'" + word + "' is missing from the message: " + text, file, line);
        return;
    }
    trial.expect(false, wanted + " and none came", file, line);
}

}  // namespace opal::contract

#define OPAL_EXPECT(...) trial.expect((__VA_ARGS__), #__VA_ARGS__, __FILE__, __LINE__)
#define OPAL_EQUAL(a, ...) \
    trial.expect_equal((a), (__VA_ARGS__), #a " == " #__VA_ARGS__, __FILE__, __LINE__)
#define OPAL_NEAR(a, b, relative) \
    trial.expect_near((a), (b), (relative), #a " near " #b, __FILE__, __LINE__)
#define OPAL_REQUIRE(...) \
    if (!OPAL_EXPECT(__VA_ARGS__)) throw opal::contract::Abandoned()
#define OPAL_REQUIRE_EQUAL(a, ...) \
    if (!OPAL_EQUAL(a, __VA_ARGS__)) throw opal::contract::Abandoned()
