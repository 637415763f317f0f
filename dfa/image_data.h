// ImageData: a labelled image set in a folder of the MNIST kind (MNIST, Fashion-MNIST, ...).
//
//   folder/train-images-idx3-ubyte[.gz]   train-labels-idx1-ubyte[.gz]
//          t10k-images-idx3-ubyte[.gz]    t10k-labels-idx1-ubyte[.gz]
//
// All four are read and checked before training begins; that the test pictures are in memory does
// not mean anybody looks at them (image_source.h).
#pragma once

#include "dfa/idx.h"

#include <cstdint>
#include <filesystem>
#include <vector>

namespace opal::dfa {

struct LabelledImages {
    IdxImages images;
    std::vector<std::uint8_t> labels;  // one per image
};

struct ImageData {
    static constexpr int classes = 10;
    LabelledImages train;
    LabelledImages test;
};

// Throws DataError: also when counts of images and labels, or sizes of training and test images,
// do not match.
ImageData load_image_data(const std::filesystem::path& folder);

}  // namespace opal::dfa
