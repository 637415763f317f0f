// The folder loader. See image_data.h.
#include "dfa/image_data.h"

#include "dfa/data_error.h"
#include "dfa/data_file.h"

#include <string>

namespace opal::dfa {

namespace {

LabelledImages load_part(const std::filesystem::path& folder, const std::string& part) {
    const auto image_file = find_data_file(folder, part + "-images-idx3-ubyte");
    const auto label_file = find_data_file(folder, part + "-labels-idx1-ubyte");
    LabelledImages loaded{read_idx_images(image_file),
                          read_idx_labels(label_file, ImageData::classes)};
    if (loaded.labels.size() != loaded.images.count) {
        throw DataError(label_file, std::to_string(loaded.labels.size()) + " labels",
                        std::to_string(loaded.images.count) + ", as many as there are images in " +
                            image_file.filename().string());
    }
    return loaded;
}

std::string size_of(const IdxImages& images) {
    return "images of " + std::to_string(images.rows) + " x " + std::to_string(images.columns);
}

}  // namespace

ImageData load_image_data(const std::filesystem::path& folder) {
    ImageData data{load_part(folder, "train"), load_part(folder, "t10k")};
    if (data.train.images.rows != data.test.images.rows ||
        data.train.images.columns != data.test.images.columns) {
        throw DataError(find_data_file(folder, "t10k-images-idx3-ubyte"), size_of(data.test.images),
                        size_of(data.train.images) + " as in training");
    }
    return data;
}

}  // namespace opal::dfa
