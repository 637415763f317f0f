// LayeredMedium: T = the first columns of H D3 H D2 H D1, with H the Walsh-Hadamard matrix and D
// diagonals of random fourth roots of unity {1, i, -1, -i}. No storage, O(n log n), exact.
//
// n is the power of two that holds both all channels and all modes of the sensor's grid. Every
// entry has |T_ki|^2 = n^2 on average. Statistically close to dense: three layers make entries
// Gaussian and columns orthogonal [Yu 2016, section 3; Launay 2020, section 4].
#pragma once

#include "sim/physics/medium.h"

#include <cstdint>
#include <vector>

namespace opal::sim {

class LayeredMedium final : public Medium {
public:
    LayeredMedium(std::uint64_t seed, int channels, int grid_rows, int grid_columns);

    void add_field(std::span<const std::int32_t> q12, const ModeWindow& window, std::uint32_t epoch,
                   std::span<std::int64_t> field, MediumScratch& scratch) const override;
    void prepare(const ModeWindow& window, std::uint32_t epoch) const override;
    double entry_power() const override;
    std::vector<std::complex<double>> plain_field(std::span<const double> amplitudes,
                                                  const ModeWindow& window,
                                                  std::uint32_t epoch) const override;

    std::size_t size() const { return size_; }
    // Exponent of i on diagonal `layer` (0 is D1) at `position`.
    int exponent(std::uint32_t position, std::uint32_t layer, std::uint32_t epoch) const;

    // The twin of add_field(): int64 throughout, one stage after the other, no tiles, no threads.
    void add_field_plain(std::span<const std::int32_t> q12, const ModeWindow& window,
                         std::uint32_t epoch, std::span<std::int64_t> field) const;

private:
    struct Shape;
    struct Buffers;
    Buffers prepare_buffers(const Shape& shape, std::uint32_t epoch, MediumScratch& scratch) const;
    void first_pass(std::span<const std::int32_t> q12, const Shape& shape,
                    const Buffers& buffers) const;
    void second_pass(const Shape& shape, const Buffers& buffers) const;
    void third_pass(const Shape& shape, const Buffers& buffers) const;
    void fourth_pass(const Shape& shape, const Buffers& buffers, const ModeWindow& window,
                     std::span<std::int64_t> field) const;

    std::uint64_t seed_;
    std::size_t channels_;
    std::size_t size_ = 1;
    int log2_size_ = 0;
};

}  // namespace opal::sim
