// DirectDmd: checks what a careful driver checks, then puts a sequence on the table.
#include "sim/direct/direct_dmd.h"

#include "sim/table/scene_time.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace opal::sim {

using hal::Duration;
using hal::ErrorKind;

namespace {

// Of an exposure or a dark time: the longest sequence of them is still far from the end of the
// 64-bit nanoseconds it is added up in.
constexpr Duration longest_time = std::chrono::minutes(10);

double in_us(Duration d) {
    return static_cast<double>(d.count()) * 1e-3;
}

}  // namespace

DirectDmd::DirectDmd(OpticalTable& table, const Scene& scene) : table_(table) {
    info_.model = "OPAL simulated DMD";
    info_.serial = fmt::format("SIM-{}", scene.seed);
    info_.rows = scene.dmd.rows;
    info_.columns = scene.dmd.columns;
    info_.pitch_um = scene.dmd.pitch_um;
    info_.min_exposure = from_microseconds(scene.dmd.min_exposure_us);
    info_.min_dark = from_microseconds(scene.dmd.min_dark_us);
    info_.settle_time = from_microseconds(scene.dmd.settle_us);
    info_.memory_patterns = static_cast<std::uint32_t>(scene.dmd.memory_patterns);
    info_.max_entries = info_.memory_patterns;
    memory_.resize(info_.memory_patterns);
    if (table_.faults() != nullptr) older_.resize(info_.memory_patterns);
}

DirectDmd::~DirectDmd() {
    stop();
}

void DirectDmd::load(std::uint32_t first_slot, std::span<const hal::BitPattern> patterns) {
    auto lock = table_.lock();
    if (running())
        fail(ErrorKind::wrong_state, "load", "a sequence is running; stop() comes first");
    const std::uint64_t end = std::uint64_t{first_slot} + patterns.size();
    if (end > info_.memory_patterns)
        fail(ErrorKind::out_of_range, "load",
             fmt::format("{} patterns from slot {} asked; slots 0 to {} exist", patterns.size(),
                         first_slot, info_.memory_patterns - 1));
    for (std::size_t i = 0; i < patterns.size(); ++i)
        if (patterns[i].rows() != info_.rows || patterns[i].columns() != info_.columns)
            fail(ErrorKind::out_of_range, "load",
                 fmt::format(
                     "pattern {} has {} x {} mirrors (rows x columns); this DMD has {} x {}", i,
                     patterns[i].rows(), patterns[i].columns(), info_.rows, info_.columns));
    // Light nobody shows any more makes room for the new.
    shown_.reset();
    if (started_sequence_) entries_started_ = started_sequence_->entries_begun(run_time());
    started_sequence_.reset();
    table_.forget_past();
    lock.unlock();  // reducing thousands of patterns takes its time; memory_ is the DMD's alone
    for (std::size_t i = 0; i < patterns.size(); ++i) {
        auto& light = memory_[first_slot + i];
        if (table_.faults() != nullptr) older_[first_slot + i] = light;
        light.reset();
        auto fresh = pool_.take();
        if (FaultInjector* const faults = table_.faults()) {
            table_.optics().reduce(faults->mirrors(patterns[i], stuck_), *fresh);
            fresh->mark = pattern_mark(patterns[i]);
        } else {
            table_.optics().reduce(patterns[i], *fresh);
        }
        light = std::move(fresh);
    }
}

void DirectDmd::program(const hal::PatternSequence& sequence) {
    const auto lock = table_.lock();
    if (running())
        fail(ErrorKind::wrong_state, "program", "a sequence is running; stop() comes first");
    check(sequence);
    sequence_ = sequence;
    shown_.reset();
}

void DirectDmd::start() {
    const auto lock = table_.lock();
    if (sequence_.entries.empty())
        fail(ErrorKind::wrong_state, "start", "nothing to show; program() comes first");
    if (!shown_) resolve();
    started_at_ = table_.now();
    stopped_at_ = Duration::max();
    started_sequence_ = spoiled(shown_);
    table_.events().write(
        started_at_, "dmd", "start",
        fmt::format("\"entries\":{},\"repeat\":{}", sequence_.entries.size(), sequence_.repeat));
    table_.show(started_sequence_);
}

// What the bench's faults make of a triggered sequence.
std::shared_ptr<const ShownSequence> DirectDmd::spoiled(
    std::shared_ptr<const ShownSequence> asked) {
    FaultInjector* const faults = table_.faults();
    if (faults == nullptr || asked->edges->empty()) return asked;
    return faults->begin_run(asked, started_at_, [&](std::size_t entry) {
        const std::uint32_t slot = sequence_.entries[entry].slot;
        const auto& older = older_[slot];
        return older && older->mark != memory_[slot]->mark ? older : nullptr;
    });
}

void DirectDmd::stop() {
    const auto lock = table_.lock();
    if (!running()) return;
    stopped_at_ = table_.now();
    table_.show_nothing();
    table_.events().write(stopped_at_, "dmd", "stop");
}

hal::DmdStatus DirectDmd::status() {
    const auto lock = table_.lock();
    hal::DmdStatus status;
    status.running = running();
    status.entries_started =
        started_sequence_ ? started_sequence_->entries_begun(run_time()) : entries_started_;
    return status;
}

Duration DirectDmd::run_time() const {
    return std::min(table_.now(), stopped_at_) - started_at_;
}

bool DirectDmd::running() const {
    if (!started_sequence_ || stopped_at_ != Duration::max()) return false;
    return started_sequence_->repeat || table_.now() < started_at_ + started_sequence_->period;
}

void DirectDmd::check(const hal::PatternSequence& sequence) const {
    if (sequence.entries.empty() || sequence.entries.size() > info_.max_entries)
        fail(ErrorKind::out_of_range, "program",
             fmt::format("{} entries asked; 1 to {} are possible", sequence.entries.size(),
                         info_.max_entries));
    for (std::size_t i = 0; i < sequence.entries.size(); ++i) check_entry(sequence, i);
}

void DirectDmd::check_entry(const hal::PatternSequence& sequence, std::size_t index) const {
    const hal::SequenceEntry& entry = sequence.entries[index];
    const std::string which = fmt::format("entry {}: ", index);
    if (entry.slot >= info_.memory_patterns)
        fail(ErrorKind::out_of_range, "program",
             which + fmt::format("slot {} asked; slots 0 to {} exist", entry.slot,
                                 info_.memory_patterns - 1));
    if (!memory_[entry.slot])
        fail(ErrorKind::wrong_state, "program",
             which + fmt::format("slot {} was never loaded; load() comes first", entry.slot));
    if (entry.start_on == hal::StartOn::trigger_in)
        fail(ErrorKind::unsupported, "program",
             which +
                 "the trigger input of this DMD is not wired; StartOn::previous_end is possible");
    if (entry.exposure < info_.min_exposure)
        fail(ErrorKind::out_of_range, "program",
             which + fmt::format("exposure {} us asked; at least {} us is possible",
                                 in_us(entry.exposure), in_us(info_.min_exposure)));
    if (entry.exposure > longest_time)
        fail(ErrorKind::out_of_range, "program",
             which + fmt::format("exposure {} us asked; at most {} us is possible",
                                 in_us(entry.exposure), in_us(longest_time)));
    if (entry.dark < Duration{0} || entry.dark > longest_time)
        fail(ErrorKind::out_of_range, "program",
             which + fmt::format("dark time {} us asked; 0 to {} us is possible", in_us(entry.dark),
                                 in_us(longest_time)));
    const bool last = index + 1 == sequence.entries.size();
    if (last && !sequence.repeat) return;
    const hal::SequenceEntry& next = sequence.entries[last ? 0 : index + 1];
    if (next.trigger_out && entry.dark < info_.min_dark)
        fail(ErrorKind::out_of_range, "program",
             which + fmt::format("dark time {} us asked before a triggered entry; at least {} us "
                                 "ends the trigger pulse",
                                 in_us(entry.dark), in_us(info_.min_dark)));
}

void DirectDmd::resolve() {
    auto shown = std::make_shared<ShownSequence>();
    auto edges = std::make_shared<std::vector<Duration>>();
    shown->entries.reserve(sequence_.entries.size());
    shown->repeat = sequence_.repeat;
    Duration at{0};
    for (const hal::SequenceEntry& entry : sequence_.entries) {
        shown->entries.push_back({at, at + entry.exposure, memory_[entry.slot]});
        if (entry.trigger_out) edges->push_back(std::max(Duration{0}, at + edge_delay_));
        at += entry.exposure + entry.dark;
    }
    shown->period = at;
    shown->edges = std::move(edges);
    shown_ = std::move(shown);
}

void DirectDmd::fail(ErrorKind kind, const char* operation, const std::string& text) const {
    throw hal::DeviceError(kind, "dmd " + info_.model + " " + info_.serial, operation, text);
}

}  // namespace opal::sim
