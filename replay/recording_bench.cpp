// RecordingBench: see recording_bench.h. A call is made first and written after; its row says when
// it began and ended.
#include "replay/recording_bench.h"

#include "hal/error.h"
#include "replay/event_text.h"
#include "replay/pattern_rows.h"

#include <fmt/format.h>

#include <mutex>
#include <unordered_map>

namespace opal::replay {

namespace {

std::int64_t nanoseconds(hal::Time t) {
    return t.time_since_epoch().count();
}

// Patterns that were stored before are not stored again, as long as this many are remembered.
constexpr std::size_t most_remembered = 1 << 16;
constexpr std::uint64_t events_between_flushes = 64;

}  // namespace

struct Recording::Log {
    Log(const std::filesystem::path& file, const RunFacts& facts) : writer(file, facts) {}

    std::mutex mutex;
    RunWriter writer;
    std::uint16_t openings = 0;  // begun
    std::optional<std::string> broken;
    std::uint64_t flushed_events = 0;
    std::unordered_map<std::uint64_t, std::uint64_t> known;  // hash of a pattern -> its number

    // With the mutex held. `safe`: a call that must not fail because of the disk.
    template <typename Write>
    void write(bool safe, Write&& act) {
        if (!broken) {
            try {
                act();
            } catch (const std::exception& e) {
                broken = e.what();
            }
        }
        if (broken && !safe) throw RecordingError(*broken);
    }
    void add_text(EventRow& event, const std::string& text) {
        event.text_first = writer.rows(Table::texts);
        event.text_bytes = text.size();
        writer.append(Table::texts, text.data(), text.size());
    }
    std::uint64_t pattern_number(const hal::BitPattern& pattern) {
        const PatternRuns runs = runs_of(pattern);
        const std::uint64_t hash = hash_of(runs);
        if (const auto at = known.find(hash); at != known.end()) return at->second;
        const std::uint64_t number = writer.rows(Table::patterns);
        writer.append(Table::patterns, PatternRow{writer.rows(Table::runs), runs.ends.size()});
        writer.append(Table::runs, runs.ends.data(), runs.ends.size());
        writer.append(Table::lines, runs.words.data(), runs.ends.size());
        if (known.size() >= most_remembered) known.clear();
        known.emplace(hash, number);
        return number;
    }
    void flush_if_worth_it() {
        if (writer.rows(Table::events) - flushed_events < events_between_flushes) return;
        writer.flush();
        flushed_events = writer.rows(Table::events);
    }
};

Recording::Recording(const std::filesystem::path& file, const RunFacts& facts)
    : log_(std::make_unique<Log>(file, facts)) {}

Recording::~Recording() = default;

std::optional<std::string> Recording::flush() {
    const std::lock_guard lock(log_->mutex);
    log_->write(true, [&] { log_->writer.flush(); });
    return log_->broken;
}

namespace {

using Log = Recording::Log;

class Scribe {
public:
    Scribe(hal::Bench& bench, Log& log, std::uint16_t opening)
        : bench_(bench), log_(log), opening_(opening) {}

    // Makes the call and writes its row. `fill(event)` adds what it carried and what came back; it
    // runs after a fault too, with nothing come back.
    template <typename Call, typename Fill>
    void call(What what, bool safe, Call&& act, Fill&& fill) {
        EventRow event;
        event.what = static_cast<std::uint8_t>(what);
        event.opening = opening_;
        event.begin_ns = nanoseconds(bench_.clock().now());
        std::string fault;
        std::exception_ptr thrown;
        try {
            act();
        } catch (const hal::DeviceError& e) {
            thrown = std::current_exception();
            event.fault = static_cast<std::uint8_t>(1 + static_cast<int>(e.kind()));
            fault = e.device() + "\n" + e.operation() + "\n" + message_of(e);
        } catch (const std::exception& e) {
            thrown = std::current_exception();
            event.fault = foreign_fault;
            fault = e.what();
        }
        event.end_ns = nanoseconds(bench_.clock().now());
        {
            const std::lock_guard lock(log_.mutex);
            log_.write(safe || thrown, [&] {
                fill(event);
                if (!fault.empty()) log_.add_text(event, fault);
                log_.writer.append(Table::events, event);
                if (safe) log_.flush_if_worth_it();
            });
        }
        if (thrown) std::rethrow_exception(thrown);
    }
    Log& log() { return log_; }
    hal::Bench& bench() { return bench_; }

private:
    // What DeviceError was given: its what() without the frame it puts around it.
    static std::string message_of(const hal::DeviceError& e) {
        const std::string whole = e.what();
        const std::string before = e.device() + ": " + e.operation() + ": ";
        const std::string after = fmt::format(" [{}]", to_string(e.kind()));
        if (!whole.starts_with(before) || !whole.ends_with(after)) return whole;
        return whole.substr(before.size(), whole.size() - before.size() - after.size());
    }
    hal::Bench& bench_;
    Log& log_;
    std::uint16_t opening_;
};

constexpr auto nothing = [](EventRow&) {};

class RecordingDmd final : public hal::Dmd {
public:
    explicit RecordingDmd(Scribe& scribe) : scribe_(scribe), inner_(scribe.bench().dmd()) {}
    const hal::DmdInfo& info() const override { return inner_.info(); }
    void load(std::uint32_t first_slot, std::span<const hal::BitPattern> patterns) override {
        const hal::DmdInfo& info = inner_.info();
        scribe_.call(
            What::dmd_load, false, [&] { inner_.load(first_slot, patterns); },
            [&](EventRow& event) {
                Log& log = scribe_.log();
                event.a = first_slot;
                event.count = static_cast<std::uint32_t>(patterns.size());
                event.first = log.writer.rows(Table::loaded);
                for (const hal::BitPattern& pattern : patterns) {
                    // A pattern of another shape was refused; its mirrors fit no table.
                    const bool fits =
                        pattern.rows() == info.rows && pattern.columns() == info.columns;
                    log.writer.append(Table::loaded,
                                      fits ? log.pattern_number(pattern) : foreign_pattern);
                }
            });
    }
    void program(const hal::PatternSequence& sequence) override {
        scribe_.call(
            What::dmd_program, false, [&] { inner_.program(sequence); },
            [&](EventRow& event) {
                Log& log = scribe_.log();
                event.a = sequence.repeat ? 1 : 0;
                event.count = static_cast<std::uint32_t>(sequence.entries.size());
                event.first = log.writer.rows(Table::sequences);
                for (const hal::SequenceEntry& e : sequence.entries)
                    log.writer.append(Table::sequences,
                                      SequenceRow{e.exposure.count(), e.dark.count(), e.slot,
                                                  static_cast<std::uint8_t>(e.start_on),
                                                  static_cast<std::uint8_t>(e.trigger_out)});
            });
    }
    void start() override {
        scribe_.call(
            What::dmd_start, false, [&] { inner_.start(); }, nothing);
    }
    void stop() override {
        scribe_.call(
            What::dmd_stop, true, [&] { inner_.stop(); }, nothing);
    }
    hal::DmdStatus status() override {
        hal::DmdStatus status;
        scribe_.call(
            What::dmd_status, false, [&] { status = inner_.status(); },
            [&](EventRow& event) {
                event.a = status.running ? 1 : 0;
                event.b = static_cast<std::int64_t>(status.entries_started);
            });
        return status;
    }
    void distrust() override { inner_.distrust(); }  // says nothing, so nothing is kept

private:
    Scribe& scribe_;
    hal::Dmd& inner_;
};

class RecordingCamera final : public hal::Camera {
public:
    explicit RecordingCamera(Scribe& scribe) : scribe_(scribe), inner_(scribe.bench().camera()) {}
    const hal::CameraInfo& info() const override { return inner_.info(); }
    hal::CameraSettings configure(const hal::CameraSettings& wanted) override {
        hal::CameraSettings got;
        scribe_.call(
            What::camera_configure, false, [&] { got = inner_.configure(wanted); },
            [&](EventRow& event) {
                event.first = scribe_.log().writer.rows(Table::settings);
                scribe_.log().writer.append(Table::settings, row_of(wanted));
                scribe_.log().writer.append(Table::settings, row_of(got));
            });
        return got;
    }
    const hal::CameraSettings& settings() const override { return inner_.settings(); }
    void arm(std::uint64_t frames) override {
        scribe_.call(
            What::camera_arm, false, [&] { inner_.arm(frames); },
            [&](EventRow& event) { event.a = static_cast<std::int64_t>(frames); });
    }
    void trigger() override {
        scribe_.call(
            What::camera_trigger, false, [&] { inner_.trigger(); }, nothing);
    }
    bool receive(hal::Frame& frame, hal::Deadline deadline) override {
        bool came = false;
        scribe_.call(
            What::camera_receive, false, [&] { came = inner_.receive(frame, deadline); },
            [&](EventRow& event) {
                event.a = nanoseconds(deadline.at);
                event.b = came ? 1 : 0;
                if (!came) return;
                RunWriter& writer = scribe_.log().writer;
                event.first = writer.rows(Table::frames);
                writer.append(Table::frames,
                              FrameRow{writer.rows(Table::frame_bytes), frame.region.row,
                                       frame.region.column, frame.region.rows, frame.region.columns,
                                       frame.bits(), static_cast<std::int32_t>(frame.status),
                                       frame.frame_id, frame.device_time.count()});
                writer.append(Table::frame_bytes, frame.bytes.data(), frame.bytes.size());
            });
        return came;
    }
    void disarm() override {
        scribe_.call(
            What::camera_disarm, true, [&] { inner_.disarm(); }, nothing);
    }
    hal::CameraStatus status() override {
        hal::CameraStatus status;
        scribe_.call(
            What::camera_status, false, [&] { status = inner_.status(); },
            [&](EventRow& event) {
                event.a = status.armed ? 1 : 0;
                event.b = status.dead_time.count();
                event.first = status.missed_triggers;
                event.x = status.temperature_c;
            });
        return status;
    }

private:
    Scribe& scribe_;
    hal::Camera& inner_;
};

class RecordingLaser final : public hal::Laser {
public:
    explicit RecordingLaser(Scribe& scribe) : scribe_(scribe), inner_(scribe.bench().laser()) {}
    const hal::LaserInfo& info() const override { return inner_.info(); }
    void arm(double limit_mw) override {
        scribe_.call(
            What::laser_arm, false, [&] { inner_.arm(limit_mw); },
            [&](EventRow& event) { event.x = limit_mw; });
    }
    void set_power(double power_mw) override {
        scribe_.call(
            What::laser_set_power, false, [&] { inner_.set_power(power_mw); },
            [&](EventRow& event) { event.x = power_mw; });
    }
    void emit() override {
        scribe_.call(
            What::laser_emit, false, [&] { inner_.emit(); }, nothing);
    }
    void off() override {
        scribe_.call(
            What::laser_off, true, [&] { inner_.off(); }, nothing);
    }
    hal::LaserStatus status() override {
        hal::LaserStatus status;
        scribe_.call(
            What::laser_status, false, [&] { status = inner_.status(); },
            [&](EventRow& event) {
                event.a = static_cast<std::int64_t>(status.state);
                event.b = status.interlock_closed ? 1 : 0;
                event.x = status.set_power_mw;
                event.y = status.measured_power_mw;
                if (!status.fault.empty()) scribe_.log().add_text(event, status.fault);
            });
        return status;
    }

private:
    Scribe& scribe_;
    hal::Laser& inner_;
};

class RecordingClock final : public hal::Clock {
public:
    explicit RecordingClock(Scribe& scribe) : scribe_(scribe), inner_(scribe.bench().clock()) {}
    hal::Time now() const override {
        hal::Time now;
        scribe_.call(
            What::clock_now, false, [&] { now = inner_.now(); },
            [&](EventRow& event) { event.end_ns = nanoseconds(now); });
        return now;
    }
    void wait_until(hal::Time when) override {
        scribe_.call(
            What::clock_wait, false, [&] { inner_.wait_until(when); },
            [&](EventRow& event) { event.a = nanoseconds(when); });
    }

private:
    Scribe& scribe_;
    hal::Clock& inner_;
};

}  // namespace

struct RecordingBench::Devices {
    Devices(hal::Bench& bench, Log& log, std::uint16_t opening)
        : scribe(bench, log, opening), dmd(scribe), camera(scribe), laser(scribe), clock(scribe) {}
    Scribe scribe;
    RecordingDmd dmd;
    RecordingCamera camera;
    RecordingLaser laser;
    RecordingClock clock;
};

RecordingBench::RecordingBench(hal::Bench& bench, Recording& recording, hal::Duration begin_time,
                               std::uint64_t begin_exposures)
    : bench_(bench),
      recording_(recording),
      devices_(std::make_unique<Devices>(bench, recording.log(), recording.log().openings++)) {
    devices_->scribe.call(
        What::opened, false, [] {},
        [&](EventRow& event) {
            event.a = begin_time.count();
            event.b = static_cast<std::int64_t>(begin_exposures);
        });
}

RecordingBench::~RecordingBench() {
    try {
        devices_->scribe.call(
            What::closed, true, [] {}, nothing);
    } catch (const std::exception&) {
        // A bench whose clock is gone; Recording::close() tells what is missing.
    }
}

hal::Dmd& RecordingBench::dmd() {
    return devices_->dmd;
}
hal::Camera& RecordingBench::camera() {
    return devices_->camera;
}
hal::Laser& RecordingBench::laser() {
    return devices_->laser;
}
hal::Clock& RecordingBench::clock() {
    return devices_->clock;
}

void RecordingBench::note_moment(
    const std::optional<std::pair<hal::Duration, std::uint64_t>>& moment) {
    devices_->scribe.call(
        What::bench_moment, false, [] {},
        [&](EventRow& event) {
            event.count = moment ? 1 : 0;
            if (!moment) return;
            event.a = moment->first.count();
            event.b = static_cast<std::int64_t>(moment->second);
        });
}

void RecordingBench::note_wall_clock(double utc_s) {
    devices_->scribe.call(
        What::host_clock, false, [] {}, [&](EventRow& event) { event.x = utc_s; });
}

}  // namespace opal::replay
