// ImageSource: shuffled batches of images, pixels scaled from 0..255 to 0..1 or to mean 0 and
// deviation 1.
#pragma once

#include "dfa/batch_source.h"
#include "dfa/image_data.h"

#include <vector>

namespace opal::dfa {

enum class PixelScale {
    unit,      // 0 to 1
    standard,  // mean 0, deviation 1 over all pixels of the training images together
};

struct ImageSourceOptions {
    std::uint32_t validation = 5000;  // taken out of the training images
    std::uint64_t split_seed = 0;     // which ones
    std::uint64_t seed = 0;           // order of samples, shifts
    Eigen::Index batch = 128;         // the last of an epoch may be smaller
    PixelScale scale = PixelScale::unit;
    // Augmentation: each training image is moved by -max_shift_px..max_shift_px along rows and
    // along columns, drawn anew every epoch; what moves in is background. 0: none.
    int max_shift_px = 0;
};

class ImageSource final : public BatchSource {
public:
    // `data` must outlive this. Throws std::invalid_argument (split.h).
    ImageSource(const ImageData& data, const ImageSourceOptions& options);

    Eigen::Index inputs() const override { return pixels_; }
    Eigen::Index classes() const override { return ImageData::classes; }
    std::int64_t samples(Part part) const override;
    Eigen::Index training_batches() const override;
    Batch training_batch(std::uint32_t epoch, Eigen::Index index, Workers& workers) override;
    Eigen::Index evaluation_batches(Part part) const override;
    Batch evaluation_batch(Part part, Eigen::Index index, Workers& workers) override;

private:
    const LabelledImages& images_of(Part part) const;
    void gather(const LabelledImages& from, std::span<const std::uint32_t> samples,
                const std::uint32_t* epoch, Workers& workers);
    void draw_shifted(const LabelledImages& from, std::uint32_t sample, std::uint32_t epoch,
                      float* row) const;

    const ImageData& data_;
    ImageSourceOptions options_;
    Eigen::Index pixels_;
    float ink_;  // a pixel's value is ink_ * byte + paper_
    float paper_;
    Split split_;
    std::vector<std::uint32_t> test_;
    std::uint32_t order_epoch_ = 0;
    std::vector<std::uint32_t> order_;  // training samples as epoch order_epoch_ visits them
    Signal input_;
    std::vector<std::int32_t> labels_;
};

}  // namespace opal::dfa
