// Checkpoint: packs and unpacks the file. See training_checkpoint.h.
#include "cli/training_checkpoint.h"

#include "cli/exit_code.h"
#include "cli/files.h"
#include "cli/training_json.h"
#include "cli/version.h"

#include <fmt/format.h>
#include <zlib.h>
#include <nlohmann/json.hpp>

#include <bit>
#include <cstring>
#include <limits>
#include <utility>

namespace opal::cli {

namespace {

using Json = nlohmann::ordered_json;

static_assert(std::endian::native == std::endian::little, "arrays are written as they lie");

constexpr std::string_view magic = "OPALRUN1";

void put_number(std::string& bytes, std::uint32_t value) {
    for (int k = 0; k < 4; ++k) bytes += static_cast<char>(value >> (8 * k) & 0xffU);
}

std::uint32_t number_at(std::string_view bytes, std::size_t at) {
    std::uint32_t value = 0;
    for (std::size_t k = 0; k < 4; ++k) {
        value |= static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[at + k])) << (8 * k);
    }
    return value;
}

std::uint32_t checksum(std::string_view bytes) {
    return static_cast<std::uint32_t>(
        crc32_z(0, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size()));
}

// Sums, not means: these come back exactly.
Json score_json(const dfa::Score& s) {
    return Json::array({s.loss_sum, s.correct, s.labelled});
}

dfa::Score score_of(const Json& json) {
    return {json.at(0).get<double>(), json.at(1).get<std::int64_t>(),
            json.at(2).get<std::int64_t>()};
}

Json epoch_json(const dfa::EpochMetrics& e) {
    Json json{{"learning_rate", e.learning_rate},
              {"elapsed_s", e.elapsed_s},
              {"training", score_json(e.training)},
              {"alignment_deg", e.alignment_deg},
              {"feedback", feedback_json(e.feedback)}};
    if (e.validation) json["validation"] = score_json(*e.validation);
    return json;
}

dfa::EpochMetrics epoch_of(const Json& json, std::uint32_t number) {
    dfa::EpochMetrics e;
    e.epoch = number;
    e.learning_rate = json.at("learning_rate").get<double>();
    e.elapsed_s = json.at("elapsed_s").get<double>();
    e.training = score_of(json.at("training"));
    e.alignment_deg = json.at("alignment_deg").get<std::vector<double>>();
    e.feedback = feedback_of(json.at("feedback"));
    if (json.contains("validation")) e.validation = score_of(json.at("validation"));
    return e;
}

Json shapes_json(const std::vector<dfa::Matrix>& arrays) {
    Json shapes = Json::array();
    for (const auto& a : arrays) shapes.push_back(Json::array({a.rows(), a.cols()}));
    return shapes;
}

std::size_t bytes_of(const dfa::Matrix& array) {
    return static_cast<std::size_t>(array.size()) * sizeof(float);
}

// Takes the arrays of these shapes off the front of `bytes`; false if there are not enough.
bool take_arrays(const Json& shapes, std::string_view& bytes, std::vector<dfa::Matrix>& into) {
    for (const auto& shape : shapes) {
        const auto rows = shape.at(0).get<std::int64_t>();
        const auto columns = shape.at(1).get<std::int64_t>();
        constexpr std::int64_t most = std::numeric_limits<std::int32_t>::max();
        if (rows < 0 || columns < 0 || rows > most || columns > most) return false;
        if (static_cast<std::uint64_t>(rows * columns) > bytes.size() / sizeof(float)) return false;
        into.emplace_back(rows, columns);
        const std::size_t size = bytes_of(into.back());
        std::memcpy(into.back().data(), bytes.data(), size);
        bytes.remove_prefix(size);
    }
    return true;
}

// The first setting that differs, as "recipe.gain: 16 there, 8 asked".
std::string difference(const Json& there, const Json& asked) {
    const Json flat_there = there.flatten();
    const Json flat_asked = asked.flatten();
    const auto text = [](const Json& flat, const std::string& key) {
        return flat.contains(key) ? flat.at(key).dump() : std::string("nothing");
    };
    for (const Json* flat : {&flat_asked, &flat_there}) {
        for (const auto& [key, value] : flat->items()) {
            const std::string a = text(flat_there, key);
            const std::string b = text(flat_asked, key);
            if (a != b) return fmt::format("{}: {} there, {} asked", key, a, b);
        }
    }
    return "their order";
}

}  // namespace

Checkpoint::Checkpoint(std::filesystem::path file, const TrainingRun& of)
    : file_(std::move(file)), settings_(settings_json(of).dump()) {}

void Checkpoint::save(const dfa::TrainingState& state, const LegFeedback::Carried& carried) const {
    Json header{{"settings", Json::parse(settings_)},
                {"program", program_version()},
                {"step", state.step},
                {"elapsed_s", state.elapsed_s},
                {"epoch_so_far", score_json(state.epoch_so_far)},
                {"bench_time_ns", carried.moment.time.count()},
                {"bench_exposures", carried.moment.exposures},
                {"feedback", carried.description},
                {"projections", projections_json(carried.projections)},
                {"projection_time", projection_time_json(carried.time)}};
    if (carried.health) header["light"] = light_json(*carried.health);
    Json epochs = Json::array();
    for (const auto& e : state.epochs) epochs.push_back(epoch_json(e));
    header["epochs"] = std::move(epochs);
    header["weights"] = shapes_json(state.weights);
    header["moments"] = shapes_json(state.moments);
    const std::string head = header.dump();

    std::string bytes(magic);
    put_number(bytes, static_cast<std::uint32_t>(head.size()));
    bytes += head;
    for (const auto* arrays : {&state.weights, &state.moments}) {
        for (const auto& a : *arrays) {
            bytes.append(reinterpret_cast<const char*>(a.data()), bytes_of(a));
        }
    }
    put_number(bytes, checksum(bytes));
    write_file(file_, bytes);
}

std::optional<SavedRun> Checkpoint::load(std::string& stale) const {
    if (!std::filesystem::exists(file_)) return std::nullopt;
    const auto content = read_file(file_);
    std::string_view bytes(reinterpret_cast<const char*>(content.data()), content.size());
    const auto refuse = [&](const std::string& why) {
        return BadInput(
            fmt::format("checkpoint {}: {}; remove it to begin the run anew", file_.string(), why));
    };
    if (bytes.size() < magic.size() + 8 || !bytes.starts_with(magic)) {
        throw refuse("not the state of a training run");
    }
    const std::uint32_t sum = number_at(bytes, bytes.size() - 4);
    bytes.remove_suffix(4);
    if (checksum(bytes) != sum) throw refuse("damaged, its checksum is wrong");
    const std::uint32_t size = number_at(bytes, magic.size());
    bytes.remove_prefix(magic.size() + 4);
    if (size > bytes.size()) throw refuse("its header is longer than the file");
    try {
        const Json header = Json::parse(bytes.substr(0, size));
        bytes.remove_prefix(size);
        const Json asked = Json::parse(settings_);
        if (header.at("settings") != asked) {
            throw refuse("of another run (" + difference(header.at("settings"), asked) + ")");
        }
        if (header.at("program") != program_version()) {
            stale = fmt::format("{} was made by {}, and bytes repeat only within one build",
                                file_.string(), header.at("program").get<std::string>());
            return std::nullopt;
        }
        SavedRun saved;
        saved.state.step = header.at("step").get<std::uint64_t>();
        saved.state.elapsed_s = header.at("elapsed_s").get<double>();
        saved.state.epoch_so_far = score_of(header.at("epoch_so_far"));
        saved.carried.moment.time =
            hal::Duration(header.at("bench_time_ns").get<hal::Duration::rep>());
        saved.carried.moment.exposures = header.at("bench_exposures").get<std::uint64_t>();
        saved.carried.description = header.at("feedback").get<std::string>();
        saved.carried.projections = projections_of(header.at("projections"));
        saved.carried.time = projection_time_of(header.at("projection_time"));
        if (header.contains("light")) saved.carried.health = light_of(header.at("light"));
        std::uint32_t number = 0;
        for (const auto& e : header.at("epochs")) {
            saved.state.epochs.push_back(epoch_of(e, ++number));
        }
        if (!take_arrays(header.at("weights"), bytes, saved.state.weights) ||
            !take_arrays(header.at("moments"), bytes, saved.state.moments) || !bytes.empty()) {
            throw refuse("its arrays do not have the size its header says");
        }
        return saved;
    } catch (const nlohmann::json::exception& e) {
        throw refuse(e.what());
    }
}

}  // namespace opal::cli
