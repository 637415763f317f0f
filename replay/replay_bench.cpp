// ReplayBench: see replay_bench.h. Every call is a row to be found next on the tape.
#include "replay/replay_bench.h"

#include "replay/tape.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>

namespace opal::replay {

namespace {

using Tape = Playback::Tape;

EventRow question(What what) {
    EventRow asked;
    asked.what = static_cast<std::uint8_t>(what);
    return asked;
}

class ReplayDmd final : public hal::Dmd {
public:
    explicit ReplayDmd(Tape& tape) : tape_(tape) {}
    const hal::DmdInfo& info() const override { return tape_.source->facts().bench.dmd; }

    void load(std::uint32_t first_slot, std::span<const hal::BitPattern> patterns) override {
        const std::lock_guard lock(tape_.mutex);
        EventRow asked = question(What::dmd_load);
        asked.a = first_slot;
        asked.count = static_cast<std::uint32_t>(patterns.size());
        const EventRow e = tape_.take(asked, {}, false);
        const auto loaded = tape_.rows<std::uint64_t>(Table::loaded, e.first, e.count);
        for (std::size_t i = 0; i < patterns.size(); ++i) {
            const bool foreign =
                patterns[i].rows() != info().rows || patterns[i].columns() != info().columns;
            if (foreign != (loaded[i] == foreign_pattern) ||
                (!foreign && !(runs_of(patterns[i]) == tape_.pattern(loaded[i])))) {
                --tape_.next;
                tape_.depart(asked, {},
                             fmt::format("the same with another pattern {} of {}", i, e.count));
            }
        }
        tape_.rethrow(e);
    }
    void program(const hal::PatternSequence& sequence) override {
        const std::lock_guard lock(tape_.mutex);
        EventRow asked = question(What::dmd_program);
        asked.a = sequence.repeat ? 1 : 0;
        asked.count = static_cast<std::uint32_t>(sequence.entries.size());
        const EventRow e = tape_.take(asked, {}, false);
        const auto rows = tape_.rows<SequenceRow>(Table::sequences, e.first, e.count);
        for (std::size_t i = 0; i < rows.size(); ++i) {
            const hal::SequenceEntry& s = sequence.entries[i];
            if (rows[i].slot == s.slot && rows[i].exposure_ns == s.exposure.count() &&
                rows[i].dark_ns == s.dark.count() &&
                rows[i].start_on == static_cast<std::uint8_t>(s.start_on) &&
                (rows[i].trigger_out != 0) == s.trigger_out)
                continue;
            --tape_.next;
            tape_.depart(asked, {}, fmt::format("the same with another entry {}", i));
        }
        tape_.rethrow(e);
    }
    void start() override { plain(What::dmd_start, false); }
    void stop() override { plain(What::dmd_stop, true); }
    hal::DmdStatus status() override {
        const EventRow e = plain(What::dmd_status, false);
        return {e.a != 0, static_cast<std::uint64_t>(e.b)};
    }

private:
    EventRow plain(What what, bool safe) {
        const std::lock_guard lock(tape_.mutex);
        const EventRow e = tape_.take(question(what), {}, safe);
        tape_.rethrow(e);
        return e;
    }
    Tape& tape_;
};

class ReplayCamera final : public hal::Camera {
public:
    explicit ReplayCamera(Tape& tape)
        : tape_(tape), settings_(tape.source->facts().bench.camera_settings) {}
    const hal::CameraInfo& info() const override { return tape_.source->facts().bench.camera; }

    hal::CameraSettings configure(const hal::CameraSettings& wanted) override {
        const std::lock_guard lock(tape_.mutex);
        const EventRow e = tape_.take(question(What::camera_configure), row_of(wanted), false);
        tape_.rethrow(e);
        const SettingsRow got = tape_.rows<SettingsRow>(Table::settings, e.first, 2)[1];
        settings_ = {{got.row, got.column, got.rows, got.columns},
                     format(got.bits),
                     hal::Duration(got.exposure_ns),
                     hal::Duration(got.delay_ns),
                     got.trigger == 0 ? hal::TriggerSource::software : hal::TriggerSource::line};
        return settings_;
    }
    const hal::CameraSettings& settings() const override { return settings_; }
    void arm(std::uint64_t frames) override {
        EventRow asked = question(What::camera_arm);
        asked.a = static_cast<std::int64_t>(frames);
        plain(asked, false);
    }
    void trigger() override { plain(question(What::camera_trigger), false); }
    bool receive(hal::Frame& frame, hal::Deadline) override {
        const std::lock_guard lock(tape_.mutex);
        const EventRow e = tape_.take(question(What::camera_receive), {}, false);
        tape_.rethrow(e);
        if (e.b == 0) return false;
        const FrameRow row = tape_.rows<FrameRow>(Table::frames, e.first, 1)[0];
        const hal::CameraInfo& camera = info();
        if (row.rows < 1 || row.columns < 1 || row.rows > camera.sensor_rows ||
            row.columns > camera.sensor_columns || row.status < 0 ||
            row.status > static_cast<int>(hal::FrameStatus::overrun))
            tape_.damaged(fmt::format("frame {} has {} x {} px and the status {}", e.first,
                                      row.rows, row.columns, row.status));
        const hal::Region region{row.row, row.column, row.rows, row.columns};
        const hal::PixelFormat pixels = format(row.bits);
        // Before any memory is taken for it.
        tape_.require(row.first_byte, region.pixels() * hal::bytes_per_pixel(pixels),
                      Table::frame_bytes);
        frame.reshape(region, pixels);
        tape_.source->read(Table::frame_bytes, row.first_byte, frame.bytes.size(),
                           frame.bytes.data());
        frame.frame_id = row.frame_id;
        frame.device_time = hal::Duration(row.device_time_ns);
        frame.status = static_cast<hal::FrameStatus>(row.status);
        frame.pattern.reset();
        return true;
    }
    void disarm() override { plain(question(What::camera_disarm), true); }
    hal::CameraStatus status() override {
        const EventRow e = plain(question(What::camera_status), false);
        return {e.a != 0, e.first, e.x, hal::Duration(e.b)};
    }

private:
    hal::PixelFormat format(int bits) const {
        for (const auto f :
             {hal::PixelFormat::mono8, hal::PixelFormat::mono10, hal::PixelFormat::mono12})
            if (hal::bits_of(f) == bits) return f;
        tape_.damaged(fmt::format("{} bits per pixel", bits));
    }
    EventRow plain(const EventRow& asked, bool safe) {
        const std::lock_guard lock(tape_.mutex);
        const EventRow e = tape_.take(asked, {}, safe);
        tape_.rethrow(e);
        return e;
    }
    Tape& tape_;
    hal::CameraSettings settings_;
};

class ReplayLaser final : public hal::Laser {
public:
    explicit ReplayLaser(Tape& tape) : tape_(tape) {}
    const hal::LaserInfo& info() const override { return tape_.source->facts().bench.laser; }

    void arm(double limit_mw) override { with_power(What::laser_arm, limit_mw); }
    void set_power(double power_mw) override { with_power(What::laser_set_power, power_mw); }
    void emit() override { plain(question(What::laser_emit), false); }
    void off() override { plain(question(What::laser_off), true); }
    hal::LaserStatus status() override {
        const std::lock_guard lock(tape_.mutex);
        const EventRow e = tape_.take(question(What::laser_status), {}, false);
        tape_.rethrow(e);
        if (e.a < 0 || e.a > static_cast<std::int64_t>(hal::LaserState::fault))
            tape_.damaged(fmt::format("a laser in the unknown state {}", e.a));
        return {static_cast<hal::LaserState>(e.a), e.b != 0, e.x, e.y, tape_.text(e)};
    }

private:
    void with_power(What what, double power_mw) {
        EventRow asked = question(what);
        asked.x = power_mw;
        plain(asked, false);
    }
    void plain(const EventRow& asked, bool safe) {
        const std::lock_guard lock(tape_.mutex);
        tape_.rethrow(tape_.take(asked, {}, safe));
    }
    Tape& tape_;
};

class ReplayClock final : public hal::Clock {
public:
    explicit ReplayClock(Tape& tape) : tape_(tape) {}
    hal::Time now() const override {
        const std::lock_guard lock(tape_.mutex);
        return follow(What::clock_now, tape_.now_ns);
    }
    void wait_until(hal::Time when) override {
        const std::lock_guard lock(tape_.mutex);
        follow(What::clock_wait, when.time_since_epoch().count());
    }

private:
    // To the recorded moment if this call is next on the tape, else to `otherwise`.
    hal::Time follow(What what, std::int64_t otherwise) const {
        const EventRow* const e = tape_.departed.empty() ? tape_.event(tape_.next) : nullptr;
        if (e != nullptr && static_cast<What>(e->what) == what) {
            tape_.now_ns = std::max(tape_.now_ns, e->end_ns);
            ++tape_.next;
        } else {
            tape_.now_ns = std::max(tape_.now_ns, otherwise);
        }
        return hal::Time(hal::Duration(tape_.now_ns));
    }
    Tape& tape_;
};

}  // namespace

Playback::Playback(std::unique_ptr<RunSource> source)
    : tape_(std::make_unique<Tape>(std::move(source))) {}

Playback::~Playback() = default;

const RunFacts& Playback::facts() const {
    return tape_->source->facts();
}

std::uint64_t Playback::commands_left() {
    const std::lock_guard lock(tape_->mutex);
    std::uint64_t left = 0;
    for (std::uint64_t at = tape_->next;; ++at) {
        const EventRow* const e = tape_->event(at);
        if (e == nullptr || static_cast<What>(e->what) == What::closed) return left;
        left += is_clock(*e) ? 0 : 1;
    }
}

struct ReplayBench::Devices {
    explicit Devices(Tape& tape) : dmd(tape), camera(tape), laser(tape), clock(tape) {}
    ReplayDmd dmd;
    ReplayCamera camera;
    ReplayLaser laser;
    ReplayClock clock;
};

ReplayBench::ReplayBench(Playback& playback, hal::Duration begin_time,
                         std::uint64_t begin_exposures)
    : playback_(playback) {
    Tape& tape = playback.tape();
    const std::lock_guard lock(tape.mutex);
    assert(!tape.open);
    // What the opening before left unasked is passed over: it was told when that one closed.
    const EventRow* e = tape.event(tape.next);
    while (e != nullptr && static_cast<What>(e->what) != What::opened) e = tape.event(++tape.next);
    const auto refuse = [&](const std::string& text) {
        throw hal::DeviceError(hal::ErrorKind::refused, tape.source->name(), "open", text);
    };
    if (e == nullptr)
        refuse(
            "the recorded run did not open its bench once more; a replay answers the command it "
            "was recorded with");
    if (e->a != begin_time.count() || e->b != static_cast<std::int64_t>(begin_exposures))
        refuse(
            fmt::format("the recorded run opened its bench at {} s after {} exposures; asked "
                        "for were {} s and {}",
                        static_cast<double>(e->a) * 1e-9, e->b,
                        static_cast<double>(begin_time.count()) * 1e-9, begin_exposures));
    tape.now_ns = e->end_ns;
    tape.departed.clear();
    ++tape.next;
    tape.open = true;
    devices_ = std::make_unique<Devices>(tape);
}

ReplayBench::~ReplayBench() {
    const std::lock_guard lock(playback_.tape().mutex);
    playback_.tape().open = false;
}

hal::Dmd& ReplayBench::dmd() {
    return devices_->dmd;
}
hal::Camera& ReplayBench::camera() {
    return devices_->camera;
}
hal::Laser& ReplayBench::laser() {
    return devices_->laser;
}
hal::Clock& ReplayBench::clock() {
    return devices_->clock;
}
const std::string& ReplayBench::name() const {
    return playback_.facts().bench.name;
}
const std::string& ReplayBench::identity() const {
    return playback_.facts().bench.identity;
}
double ReplayBench::laser_limit_mw() const {
    return playback_.facts().bench.laser_limit_mw;
}

std::optional<std::pair<hal::Duration, std::uint64_t>> ReplayBench::moment() {
    Tape& tape = playback_.tape();
    const std::lock_guard lock(tape.mutex);
    const EventRow e = tape.take(question(What::bench_moment), {}, false);
    if (e.count == 0) return std::nullopt;
    return std::pair(hal::Duration(e.a), static_cast<std::uint64_t>(e.b));
}

std::optional<double> ReplayBench::wall_clock() {
    Tape& tape = playback_.tape();
    const std::lock_guard lock(tape.mutex);
    for (std::uint64_t at = tape.next; tape.departed.empty(); ++at) {
        const EventRow* const e = tape.event(at);
        if (e == nullptr || !is_clock(*e)) break;
        if (static_cast<What>(e->what) != What::host_clock) continue;
        tape.next = at + 1;
        return e->x;
    }
    return std::nullopt;
}

}  // namespace opal::replay
