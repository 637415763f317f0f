// RunRecording: see run_recording.h.
#include "cli/run_recording.h"

#include "cli/files.h"
#include "cli/node_wishes.h"
#include "cli/places.h"
#include "replay/run_reader.h"

#include <fmt/format.h>

#include <string_view>

namespace opal::cli {

std::function<double()> wall_clock_of(hal::Bench& bench) {
    if (auto* const recorder = dynamic_cast<replay::RecordingBench*>(&bench))
        return [recorder] {
            const double now = utc_now_s();
            recorder->note_wall_clock(now);
            return now;
        };
    if (auto* const replayed = dynamic_cast<replay::ReplayBench*>(&bench))
        return [replayed] { return replayed->wall_clock().value_or(utc_now_s()); };
    return &utc_now_s;
}

std::optional<std::string> RunRecording::replay_file(const std::string& bench) {
    for (const std::string_view prefix : {"replay:", "sim:replay:"})
        if (bench.starts_with(prefix)) return bench.substr(prefix.size());
    return std::nullopt;
}

RunSide RunRecording::record(
    hal::Bench& bench, sim::BenchMoment begin,
    std::vector<std::pair<std::string, std::string>> about,
    const std::vector<std::pair<std::string, std::filesystem::path>>& inputs) {
    if (!recording_) {
        replay::RunFacts facts;
        facts.bench = recorded_ = replay::facts_of(bench);
        facts.about = std::move(about);
        for (const auto& [name, path] : inputs)
            if (std::filesystem::is_regular_file(path))
                facts.files.push_back({name, read_file(path)});
        make_parent(file);
        recording_ = std::make_unique<replay::Recording>(file, facts);
    } else if (bench.identity() != recorded_.identity) {
        throw replay::RecordingError(
            fmt::format("{}: a recording is of one bench, and this run opens {} and {}", file,
                        recorded_.name, bench.name()));
    }
    RunSide side;
    side.recorder =
        std::make_unique<replay::RecordingBench>(bench, *recording_, begin.time, begin.exposures);
    return side;
}

RunSide RunRecording::replay(const std::string& recording, sim::BenchMoment begin) {
    if (!playback_)
        playback_ =
            std::make_unique<replay::Playback>(std::make_unique<replay::RunReader>(recording));
    RunSide side;
    side.replayed = std::make_unique<replay::ReplayBench>(*playback_, begin.time, begin.exposures);
    return side;
}

std::string RunRecording::after_closing() {
    if (recording_) {
        if (const auto broken = recording_->flush())
            return fmt::format("the recording is not complete: {}", *broken);
    }
    if (playback_ && !looking) {
        if (const std::uint64_t left = playback_->commands_left())
            return fmt::format(
                "the recording goes on where this run ended: {} commands were not "
                "asked for again",
                left);
    }
    return {};
}

}  // namespace opal::cli
