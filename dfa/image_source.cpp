// Gathering, scaling and shifting images. See image_source.h.
#include "dfa/image_source.h"

#include "dfa/blas.h"
#include "dfa/elementwise.h"
#include "dfa/random.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <numeric>
#include <stdexcept>

namespace opal::dfa {

namespace {

constexpr Eigen::Index evaluation_rows = 512;
constexpr float full_ink = 1.0f / 255.0f;

struct Moments {
    double mean;
    double deviation;
};

// Of all bytes together. Sums are whole numbers: no order of summation matters.
Moments moments_of(const std::vector<std::uint8_t>& bytes) {
    std::uint64_t sum = 0, squares = 0;
    for (const std::uint64_t b : bytes) {
        sum += b;
        squares += b * b;
    }
    const auto n = static_cast<double>(bytes.size());
    const double mean = static_cast<double>(sum) / n;
    const double variance = static_cast<double>(squares) / n - mean * mean;
    return {mean, variance > 0 ? std::sqrt(variance) : 1};
}

Eigen::Index batches(std::size_t samples, Eigen::Index rows) {
    return (static_cast<Eigen::Index>(samples) + rows - 1) / rows;
}

std::span<const std::uint32_t> batch_of(const std::vector<std::uint32_t>& samples,
                                        Eigen::Index index, Eigen::Index rows) {
    const auto from = static_cast<std::size_t>(index * rows);
    assert(index >= 0 && from < samples.size());
    return std::span(samples).subspan(
        from, std::min(static_cast<std::size_t>(rows), samples.size() - from));
}

}  // namespace

ImageSource::ImageSource(const ImageData& data, const ImageSourceOptions& options)
    : data_(data),
      options_(options),
      pixels_(static_cast<Eigen::Index>(data.train.images.rows) * data.train.images.columns),
      ink_(full_ink),
      paper_(0),
      split_(random_split(data.train.images.count, options.validation, options.split_seed)),
      test_(data.test.images.count) {
    if (options.batch < 1) throw std::invalid_argument("a batch must have at least one sample");
    if (options.max_shift_px < 0) throw std::invalid_argument("a shift cannot be negative");
    if (options.scale == PixelScale::standard) {
        const Moments moments = moments_of(data.train.images.pixels);
        ink_ = static_cast<float>(1 / moments.deviation);
        paper_ = static_cast<float>(-moments.mean / moments.deviation);
    }
    std::iota(test_.begin(), test_.end(), 0u);
}

std::int64_t ImageSource::samples(Part part) const {
    switch (part) {
        case Part::training:
            return static_cast<std::int64_t>(split_.training.size());
        case Part::validation:
            return static_cast<std::int64_t>(split_.validation.size());
        case Part::test:
            return static_cast<std::int64_t>(test_.size());
        case Part::none:
            break;
    }
    return 0;
}

Eigen::Index ImageSource::training_batches() const {
    return batches(split_.training.size(), options_.batch);
}

Batch ImageSource::training_batch(std::uint32_t epoch, Eigen::Index index, Workers& workers) {
    if (order_.empty() || order_epoch_ != epoch) {
        order_epoch_ = epoch;
        order_ = random_permutation(static_cast<std::uint32_t>(split_.training.size()),
                                    Random(options_.seed, Purpose::order, epoch));
        for (std::uint32_t& place : order_) place = split_.training[place];
    }
    gather(data_.train, batch_of(order_, index, options_.batch),
           options_.max_shift_px > 0 ? &epoch : nullptr, workers);
    return {&input_, labels_};
}

Eigen::Index ImageSource::evaluation_batches(Part part) const {
    return batches(static_cast<std::size_t>(samples(part)), evaluation_rows);
}

Batch ImageSource::evaluation_batch(Part part, Eigen::Index index, Workers& workers) {
    assert(part != Part::none);
    const std::vector<std::uint32_t>& samples = part == Part::training     ? split_.training
                                                : part == Part::validation ? split_.validation
                                                                           : test_;
    gather(images_of(part), batch_of(samples, index, evaluation_rows), nullptr, workers);
    return {&input_, labels_};
}

const LabelledImages& ImageSource::images_of(Part part) const {
    return part == Part::test ? data_.test : data_.train;
}

void ImageSource::gather(const LabelledImages& from, std::span<const std::uint32_t> samples,
                         const std::uint32_t* epoch, Workers& workers) {
    const auto rows = static_cast<Eigen::Index>(samples.size());
    input_.dense.resize(rows, pixels_);
    labels_.resize(samples.size());
    const Cut tasks = cut(rows, 32);
    workers.run(tasks.count, [&](Eigen::Index task, int) {
        for (Eigen::Index r = tasks.begin(task); r < tasks.begin(task + 1); ++r) {
            const std::uint32_t sample = samples[static_cast<std::size_t>(r)];
            labels_[static_cast<std::size_t>(r)] = from.labels[sample];
            float* row = input_.dense.data() + r * pixels_;
            if (epoch != nullptr) {
                draw_shifted(from, sample, *epoch, row);
            } else {
                const auto count = static_cast<std::size_t>(pixels_);
                bytes_to_floats(row, from.images.pixels.data() + sample * count, ink_, count);
            }
            if (paper_ != 0) {
                for (Eigen::Index p = 0; p < pixels_; ++p) row[p] += paper_;
            }
        }
    });
}

void ImageSource::draw_shifted(const LabelledImages& from, std::uint32_t sample,
                               std::uint32_t epoch, float* row) const {
    Random random(options_.seed, Purpose::shift, epoch, sample);
    const auto choices = static_cast<std::uint32_t>(2 * options_.max_shift_px + 1);
    const int down = static_cast<int>(random.below(choices)) - options_.max_shift_px;
    const int right = static_cast<int>(random.below(choices)) - options_.max_shift_px;
    const auto height = static_cast<int>(from.images.rows);
    const auto width = static_cast<int>(from.images.columns);
    const std::uint8_t* image =
        from.images.pixels.data() + sample * static_cast<std::size_t>(pixels_);
    std::fill_n(row, pixels_, 0.0f);
    for (int y = std::max(0, down); y < std::min(height, height + down); ++y) {
        const int first = std::max(0, right);
        const int last = std::min(width, width + right);
        if (first >= last) break;
        bytes_to_floats(row + y * width + first, image + (y - down) * width + (first - right), ink_,
                        static_cast<std::size_t>(last - first));
    }
}

}  // namespace opal::dfa
