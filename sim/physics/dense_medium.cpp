// DenseMedium: storage of drawn matrices and exact sums over them. See dense_medium.h.
#include "sim/physics/dense_medium.h"

#include "sim/physics/entry_sums.h"
#include "sim/physics/gaussian.h"
#include "sim/physics/layered_medium.h"
#include "sim/physics/medium_kernels.h"
#include "sim/physics/random_streams.h"
#include "sim/physics/shared_work.h"

#include <algorithm>
#include <cassert>

namespace opal::sim {

namespace {

constexpr std::uint32_t channels_per_group = 8;
constexpr std::uint32_t pairs_per_group = 4;
constexpr std::size_t bytes_per_mode = 4;  // of one pair
// Below, starting a thread costs more than it saves.
constexpr double least_shared_entries = 4e6;
constexpr std::size_t least_shared_bytes = std::size_t{8} << 20;

}  // namespace

DenseMedium::DenseMedium(const MediumScene& scene, std::uint64_t seed, int channels)
    : scene_(scene), seed_(seed), channels_(static_cast<std::uint32_t>(channels)) {}

void DenseMedium::draw_group(std::uint32_t group, const ModeWindow& window, std::uint32_t epoch,
                             std::int8_t* entries) const {
    EntryDraw rows;
    rows.key = key_of(seed_);
    rows.group = group;
    rows.epoch = epoch;
    rows.modes = static_cast<std::size_t>(window.columns);
    rows.stride = window.modes();
    for (int r = 0; r < window.rows; ++r) {
        rows.first_mode = window.first_of_row(r);
        draw_entries(rows, entries + static_cast<std::size_t>(r) * rows.modes * bytes_per_mode);
    }
}

bool DenseMedium::stores(const ModeWindow& window) const {
    if (scene_.storage != Storage::automatic) return scene_.storage == Storage::always;
    // A medium that changes needs two epochs at a time. Storing one of them, or both in turns,
    // would cost more than drawing.
    const std::size_t at_a_time = scene_.decorrelation_s > 0 ? 2 : 1;
    return at_a_time * matrix_bytes(window) <= storage_limit();
}

// Entries are drawn eight channels at a time, and light on single mirrors leaves no eight dark:
// with many channels, parts of patterns take as long as whole ones.
bool DenseMedium::sums_channels(const ModeWindow& window) const {
    constexpr std::uint32_t few_channels = 4096;
    return channels_ <= few_channels || stores(window);
}

std::size_t DenseMedium::matrix_bytes(const ModeWindow& window) const {
    const std::size_t groups = (channels_ + channels_per_group - 1) / channels_per_group;
    return groups * window.modes() * pairs_per_group * bytes_per_mode;
}

std::size_t DenseMedium::storage_limit() const {
    return static_cast<std::size_t>(scene_.storage_limit_mib * 1048576);
}

std::shared_ptr<const DenseMedium::Matrix> DenseMedium::stored(const ModeWindow& window,
                                                               std::uint32_t epoch,
                                                               int threads) const {
    if (!stores(window)) return nullptr;
    const std::size_t needed = matrix_bytes(window);
    const bool limited = scene_.storage == Storage::automatic;
    const std::size_t limit = storage_limit();
    const std::lock_guard lock(mutex_);
    const auto found = std::find_if(matrices_.begin(), matrices_.end(), [&](const auto& m) {
        return m->window == window && m->epoch == epoch;
    });
    if (found != matrices_.end()) {
        std::rotate(found, found + 1, matrices_.end());
        return matrices_.back();
    }
    constexpr std::size_t matrices_kept = 4;
    std::size_t held = needed;
    for (const auto& m : matrices_) held += m->entries.size();
    while (!matrices_.empty() && ((limited && held > limit) || matrices_.size() >= matrices_kept)) {
        held -= matrices_.front()->entries.size();
        matrices_.erase(matrices_.begin());
    }
    auto matrix = std::make_shared<Matrix>();
    matrix->window = window;
    matrix->epoch = epoch;
    matrix->entries.resize(needed);
    const std::size_t groups = (channels_ + channels_per_group - 1) / channels_per_group;
    share_work(groups, needed < least_shared_bytes ? 1 : threads, [&](std::size_t group, int) {
        draw_group(static_cast<std::uint32_t>(group), window, epoch,
                   matrix->entries.data() + group * (needed / groups));
    });
    matrices_.push_back(matrix);
    return matrix;
}

void DenseMedium::prepare(const ModeWindow& window, std::uint32_t epoch) const {
    stored(window, epoch, 1);
}

void DenseMedium::add_field(std::span<const std::int32_t> q12, const ModeWindow& window,
                            std::uint32_t epoch, std::span<std::int64_t> field,
                            MediumScratch& scratch) const {
    assert(q12.size() == channels_ && field.size() == 2 * window.modes());
    if (const auto matrix = stored(window, epoch, scratch.threads)) {
        add_stored(*matrix, q12, field, scratch);
    } else {
        add_drawn(q12, window, epoch, field, scratch);
    }
}

void DenseMedium::add_stored(const Matrix& matrix, std::span<const std::int32_t> q12,
                             std::span<std::int64_t> field, MediumScratch& scratch) const {
    const std::size_t modes = matrix.window.modes();
    const std::size_t row_bytes = modes * bytes_per_mode;
    scratch.pairs.clear();
    for (std::uint32_t c = 0; c < channels_; c += 2) {
        const std::int32_t odd = c + 1 < channels_ ? q12[c + 1] : 0;
        if (q12[c] != 0 || odd != 0) scratch.pairs.push_back({c / 2, q12[c], odd});
    }
    for (std::size_t begin = 0; begin < scratch.pairs.size(); begin += safe_pairs) {
        const auto block = std::span(scratch.pairs)
                               .subspan(begin, std::min(safe_pairs, scratch.pairs.size() - begin));
        scratch.rows.clear();
        for (const auto& pair : block) {
            scratch.rows.push_back(matrix.entries.data() + pair.number * row_bytes);
        }
        scratch.sums.assign(2 * modes, 0);
        sum_pairs(block, scratch.rows, modes, scratch.sums.data());
        for (std::size_t k = 0; k < 2 * modes; ++k) field[k] += scratch.sums[k];
    }
}

void DenseMedium::add_drawn(std::span<const std::int32_t> q12, const ModeWindow& window,
                            std::uint32_t epoch, std::span<std::int64_t> field,
                            MediumScratch& scratch) const {
    scratch.groups.clear();
    for (std::uint32_t c = 0; c < channels_; c += channels_per_group) {
        MediumScratch::Group group;
        group.number = c / channels_per_group;
        bool lit = false;
        for (std::uint32_t i = c; i < std::min(c + channels_per_group, channels_); ++i) {
            group.amplitudes[i - c] = static_cast<std::int16_t>(q12[i]);
            lit = lit || q12[i] != 0;
        }
        if (lit) scratch.groups.push_back(group);
    }
    const auto columns = static_cast<std::size_t>(window.columns);
    const double entries = static_cast<double>(window.modes()) * channels_;
    const int threads = entries < least_shared_entries ? 1 : scratch.threads;
    share_work(static_cast<std::size_t>(window.rows), threads, [&](std::size_t row, int) {
        EntrySums sums;
        sums.key = key_of(seed_);
        sums.epoch = epoch;
        sums.first_mode = window.first_of_row(static_cast<int>(row));
        sums.modes = columns;
        add_entry_sums(sums, scratch.groups, field.data() + 2 * row * columns);
    });
}

double DenseMedium::entry_power() const {
    return 2 * gaussian_variance;
}

std::complex<double> DenseMedium::entry(std::uint32_t mode, std::uint32_t channel,
                                        std::uint32_t epoch) const {
    const PhiloxWords words =
        draw(seed_, RandomStream::medium, mode, channel / channels_per_group, epoch);
    const std::uint32_t word = words[channel % channels_per_group / 2];
    const std::uint32_t shift = channel % 2 * 8;
    return {static_cast<double>(gaussian_table[word >> shift & 255u]),
            static_cast<double>(gaussian_table[word >> (shift + 16) & 255u])};
}

std::vector<std::complex<double>> DenseMedium::plain_field(std::span<const double> amplitudes,
                                                           const ModeWindow& window,
                                                           std::uint32_t epoch) const {
    assert(amplitudes.size() == channels_);
    std::vector<std::complex<double>> field;
    for (int r = 0; r < window.rows; ++r) {
        for (int c = 0; c < window.columns; ++c) {
            const std::uint32_t mode = window.first_of_row(r) + static_cast<std::uint32_t>(c);
            std::complex<double> sum = 0;
            for (std::uint32_t i = 0; i < channels_; ++i) {
                sum += entry(mode, i, epoch) * amplitudes[i];
            }
            field.push_back(sum);
        }
    }
    return field;
}

std::size_t DenseMedium::stored_bytes() const {
    const std::lock_guard lock(mutex_);
    std::size_t bytes = 0;
    for (const auto& m : matrices_) bytes += m->entries.size();
    return bytes;
}

std::unique_ptr<Medium> make_medium(const MediumScene& scene, std::uint64_t seed, int channels,
                                    int grid_rows, int grid_columns) {
    if (scene.kind == MediumKind::layered) {
        return std::make_unique<LayeredMedium>(seed, channels, grid_rows, grid_columns);
    }
    return std::make_unique<DenseMedium>(scene, seed, channels);
}

}  // namespace opal::sim
