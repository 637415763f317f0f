// DenseMedium: every entry of T drawn independently; real and imaginary part are each one entry of
// gaussian_table. Stored when it fits, else drawn again for every frame: the same numbers.
//
// One Philox call (counter: mode, channel / 8, epoch) draws 8 entries. Its word w belongs to the
// channel pair 4 * (channel / 8) + w and holds, from the lowest byte up:
//     re of the even channel | re of the odd one | im of the even one | im of the odd one
// A stored matrix is one row of such 4-byte groups per pair, contiguous over the window's modes, so
// that drawing, storing and multiplying all walk along modes and no layout depends on the width of
// a vector register.
#pragma once

#include "sim/physics/medium.h"

#include <complex>
#include <memory>
#include <mutex>
#include <vector>

namespace opal::sim {

class DenseMedium final : public Medium {
public:
    DenseMedium(const MediumScene& scene, std::uint64_t seed, int channels);

    void add_field(std::span<const std::int32_t> q12, const ModeWindow& window, std::uint32_t epoch,
                   std::span<std::int64_t> field, MediumScratch& scratch) const override;
    bool sums_channels(const ModeWindow& window) const override;
    void prepare(const ModeWindow& window, std::uint32_t epoch) const override;
    double entry_power() const override;
    std::vector<std::complex<double>> plain_field(std::span<const double> amplitudes,
                                                  const ModeWindow& window,
                                                  std::uint32_t epoch) const override;

    // One entry, straight from the definition. re and im are integers within +-127.
    std::complex<double> entry(std::uint32_t mode, std::uint32_t channel,
                               std::uint32_t epoch) const;

    // Bytes held for stored matrices.
    std::size_t stored_bytes() const;

private:
    struct Matrix {
        ModeWindow window;
        std::uint32_t epoch = 0;
        std::vector<std::int8_t> entries;  // (pairs, modes, 4)
    };
    bool stores(const ModeWindow& window) const;
    std::size_t matrix_bytes(const ModeWindow& window) const;
    std::size_t storage_limit() const;
    std::shared_ptr<const Matrix> stored(const ModeWindow& window, std::uint32_t epoch,
                                         int threads) const;
    // Draws the four pairs of channel group `group`: (4, modes, 4) bytes.
    void draw_group(std::uint32_t group, const ModeWindow& window, std::uint32_t epoch,
                    std::int8_t* entries) const;

    void add_stored(const Matrix& matrix, std::span<const std::int32_t> q12,
                    std::span<std::int64_t> field, MediumScratch& scratch) const;
    void add_drawn(std::span<const std::int32_t> q12, const ModeWindow& window, std::uint32_t epoch,
                   std::span<std::int64_t> field, MediumScratch& scratch) const;

    MediumScene scene_;
    std::uint64_t seed_;
    std::uint32_t channels_;
    mutable std::mutex mutex_;                                     // guards matrices_
    mutable std::vector<std::shared_ptr<const Matrix>> matrices_;  // latest use last
};

}  // namespace opal::sim
