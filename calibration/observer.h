// Observer: what a calibration tells whoever watches it, while it runs. Implemented by cli/ for
// progress bars and report plots; every method may be ignored.
//
// Rule: calls come from the thread that called calibrate(); spans live for the call only.
#pragma once

#include "calibration/verdict.h"
#include "hal/frame.h"

#include <complex>
#include <cstddef>
#include <span>
#include <string_view>

namespace opal::calibration {

struct Freshness;  // graph.h

class Observer {
public:
    virtual ~Observer() = default;
    // Before a node starts: whether its stored result is kept, and why or why not.
    virtual void node_assessed(std::string_view title, const Freshness& freshness) {
        (void)title, (void)freshness;
    }
    // A node that was only too old came out as it was: the old result stays. `how` is one line.
    virtual void node_confirmed(std::string_view title, std::string_view how) {
        (void)title, (void)how;
    }
    // `title` is for people: "transmission matrix". `resumed`: the stored result is kept.
    virtual void node_started(std::string_view title, bool resumed) { (void)title, (void)resumed; }
    // Out of how many exposures the node will take, how many are there; total may grow.
    virtual void progress(std::size_t done, std::size_t total) { (void)done, (void)total; }
    virtual void node_finished(std::string_view title, const Verdict& verdict) {
        (void)title, (void)verdict;
    }

    // Things worth plotting that a record does not hold. `name` says what: "half-lit frame",
    // "black frame"; "half-lit field" of shape (rows, columns), sqrt(DN).
    virtual void frame(std::string_view name, const hal::Frame& frame) { (void)name, (void)frame; }
    virtual void field(std::string_view name, std::span<const std::complex<float>> values, int rows,
                       int columns) {
        (void)name, (void)values, (void)rows, (void)columns;
    }
};

}  // namespace opal::calibration
