// IDX files: good ones to the byte, and one clear line for every kind of bad one.
#include "dfa/data_error.h"
#include "dfa/idx.h"
#include "dfa/image_data.h"
#include "dfa/image_source.h"
#include "tests/dfa/data_folder.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>

using namespace opal;
using namespace std::string_literals;
using tests::gzip;
using tests::idx_images;
using tests::idx_labels;

namespace {

// The message of the DataError, or "no error". One line, beginning with the file.
std::string complaint(const std::filesystem::path& file, const std::string& bytes, bool images) {
    std::ofstream(file, std::ios::binary).write(bytes.data(), std::ssize(bytes));
    try {
        images ? static_cast<void>(dfa::read_idx_images(file))
               : static_cast<void>(dfa::read_idx_labels(file, 10));
    } catch (const dfa::DataError& error) {
        const std::string text = error.what();
        CHECK(text.find('\n') == std::string::npos);
        CHECK(text.rfind(file.string() + ": ", 0) == 0);
        return text.substr(file.string().size() + 2);
    }
    return "no error";
}

// 0, 1, 2, ... as bytes.
std::string counted(int count) {
    std::string bytes;
    for (int k = 0; k < count; ++k) bytes.push_back(static_cast<char>(k));
    return bytes;
}

}  // namespace

TEST_CASE("images and labels are read to the byte, packed or not") {
    const tests::DataFolder folder("good");
    const std::string images =
        idx_images(2, 2, 3, "\x00\x01\x02\xfd\xfe\xff\x09\x08\x07\x06\x05\x04"s);
    const std::string labels = idx_labels("\x09\x00"s);
    for (bool packed : {false, true}) {
        const auto image_file = folder.write("i", packed ? gzip(images) : images);
        const dfa::IdxImages read = dfa::read_idx_images(image_file);
        CHECK(read.count == 2);
        CHECK(read.rows == 2);
        CHECK(read.columns == 3);
        CHECK(read.pixels == std::vector<std::uint8_t>{0, 1, 2, 253, 254, 255, 9, 8, 7, 6, 5, 4});
        const auto label_file = folder.write("l", packed ? gzip(labels) : labels);
        CHECK(dfa::read_idx_labels(label_file, 10) == std::vector<std::uint8_t>{9, 0});
    }
}

TEST_CASE("a bad image file is named with what was found and expected") {
    const tests::DataFolder folder("bad_images");
    const auto file = folder.path() / "images";
    const std::string good = idx_images(2, 2, 3, counted(12));
    CHECK(complaint(file, "", true) == "ends after 0 bytes, expected 4 bytes (an IDX header)");
    CHECK(complaint(file, good.substr(0, 9), true) ==
          "ends after 9 bytes, expected 12 bytes (an IDX header)");
    CHECK(complaint(file, good.substr(0, 27), true) ==
          "ends after 27 bytes, expected 28 bytes (2 images of 2 x 3)");
    CHECK(complaint(file, good + "x", true) ==
          "more than 28 bytes, expected exactly 28 bytes (2 images of 2 x 3)");
    CHECK(complaint(file, idx_labels(counted(24)), true) ==
          "magic number 2049 (labels), expected 2051 (images)");
    CHECK(complaint(file, "hello, this is no IDX file", true) ==
          "magic number 1751477356, expected 2051 (images)");
    CHECK(complaint(file, idx_images(0, 28, 28, ""), true) ==
          "0 images of 28 x 28, expected at least one pixel");
    // A header that promises 2^96 bytes, and one that promises 4 GB: neither takes the memory.
    CHECK(complaint(file, idx_images(0xffffffff, 0xffffffff, 0xffffffff, ""), true)
              .find("4294967295 images of 4294967295 x 4294967295, expected at most") == 0);
    CHECK(complaint(file, idx_images(0x00400000, 28, 28, counted(100)), true) ==
          "ends after 116 bytes, expected 16777232 bytes (4194304 images of 28 x 28)");
}

TEST_CASE("a bad label file is named with what was found and expected") {
    const tests::DataFolder folder("bad_labels");
    const auto file = folder.path() / "labels";
    CHECK(complaint(file, idx_labels("\x01\x0a\x02"s), false) ==
          "label 10 at position 1, expected labels 0 to 9");
    CHECK(complaint(file, idx_labels("\x01\x02"s).substr(0, 9), false) ==
          "ends after 9 bytes, expected 10 bytes (2 labels)");
    CHECK(complaint(file, idx_labels("\x01\x02"s) + "\x03", false) ==
          "more than 10 bytes, expected exactly 10 bytes (2 labels)");
    CHECK(complaint(file, idx_images(1, 1, 1, "a"), false) ==
          "magic number 2051 (images), expected 2049 (labels)");
}

TEST_CASE("a damaged gzip file is told apart from a short one") {
    const tests::DataFolder folder("bad_gzip");
    const auto file = folder.path() / "images.gz";
    const std::string good = gzip(idx_images(40, 2, 3, counted(240)));
    CHECK(complaint(file, good, true) == "no error");
    CHECK(
        complaint(file, good.substr(0, good.size() / 2), true).find("the gzip stream is cut off") ==
        0);
    // Without its last byte the data is whole, but the length at the end is not.
    CHECK(
        complaint(file, good.substr(0, good.size() - 1), true).find("the gzip stream is cut off") ==
        0);
    std::string wrong_sum = good;
    wrong_sum[wrong_sum.size() - 6] ^= 1;
    CHECK(complaint(file, wrong_sum, true).find("the gzip stream is damaged") == 0);
    std::string scrambled = good;
    for (std::size_t k = 12; k < 40; ++k) scrambled[k] = '\xff';
    CHECK(complaint(file, scrambled, true).find("the gzip stream is damaged") == 0);
    CHECK(complaint(file, good + "tail", true) ==
          "bytes behind the end of the gzip stream, expected the end of the file");
    CHECK(complaint(file, gzip(idx_images(40, 2, 3, counted(239))), true) ==
          "ends after 255 bytes, expected 256 bytes (40 images of 2 x 3)");
}

TEST_CASE("missing files, folders and mismatched parts") {
    const tests::DataFolder folder("set");
    const auto complaint_of_folder = [](const std::filesystem::path& path) -> std::string {
        try {
            dfa::load_image_data(path);
        } catch (const dfa::DataError& error) {
            return error.what();
        }
        return "no error";
    };
    const std::string top = folder.path().string();
    CHECK(complaint_of_folder(folder.path() / "none") ==
          top + "/none: no such folder, expected a data folder with train-images-idx3-ubyte[.gz]");
    CHECK(complaint_of_folder(folder.path()) ==
          top +
              ": no train-images-idx3-ubyte and no train-images-idx3-ubyte.gz, expected one of "
              "them");
    folder.write("train-images-idx3-ubyte", idx_images(3, 2, 2, counted(12)));
    folder.write("train-labels-idx1-ubyte.gz", gzip(idx_labels("\x01\x02"s)));
    CHECK(complaint_of_folder(folder.path()) ==
          top +
              "/train-labels-idx1-ubyte.gz: 2 labels, expected 3, as many as there are images in "
              "train-images-idx3-ubyte");
    folder.write("train-labels-idx1-ubyte.gz", gzip(idx_labels("\x01\x02\x03"s)));
    folder.write("t10k-images-idx3-ubyte", idx_images(1, 2, 3, counted(6)));
    folder.write("t10k-labels-idx1-ubyte", idx_labels("\x05"));
    CHECK(complaint_of_folder(folder.path()) ==
          top +
              "/t10k-images-idx3-ubyte: images of 2 x 3, expected images of 2 x 2 as in training");
    folder.write("t10k-images-idx3-ubyte", idx_images(1, 2, 2, counted(4)));
    CHECK(complaint_of_folder(folder.path()) == "no error");
    std::filesystem::remove(folder.path() / "t10k-labels-idx1-ubyte");
    std::filesystem::create_directory(folder.path() / "t10k-labels-idx1-ubyte");
    CHECK(complaint_of_folder(folder.path()) ==
          top + "/t10k-labels-idx1-ubyte: not a file, expected a data file");
}

TEST_CASE("batches hold every training image once per epoch and never a validation image") {
    dfa::ImageData data;
    data.train.images = {50, 1, 2, {}};
    for (int k = 0; k < 50; ++k) {
        data.train.images.pixels.push_back(static_cast<std::uint8_t>(k));
        data.train.images.pixels.push_back(255);
        data.train.labels.push_back(static_cast<std::uint8_t>(k % 10));
    }
    data.test = data.train;
    data.test.images.count = 1;
    data.test.images.pixels.resize(2);
    data.test.labels.resize(1);
    dfa::Workers workers(2);
    dfa::ImageSource source(data, {.validation = 8, .seed = 5, .batch = 16});
    CHECK(source.samples(dfa::Part::training) == 42);
    CHECK(source.samples(dfa::Part::validation) == 8);
    CHECK(source.samples(dfa::Part::test) == 1);
    CHECK(source.training_batches() == 3);

    const auto collect = [&](const dfa::Batch& batch, std::vector<int>& into) {
        for (Eigen::Index r = 0; r < batch.input->rows(); ++r) {
            const int id = static_cast<int>(std::lround(batch.input->dense(r, 0) * 255));
            CHECK(batch.labels[static_cast<std::size_t>(r)] == id % 10);
            CHECK(batch.input->dense(r, 1) == 1.0f);
            into.push_back(id);
        }
    };
    std::vector<int> held_out;
    for (Eigen::Index k = 0; k < source.evaluation_batches(dfa::Part::validation); ++k) {
        collect(source.evaluation_batch(dfa::Part::validation, k, workers), held_out);
    }
    const std::set<int> held_out_set(held_out.begin(), held_out.end());
    CHECK(held_out_set.size() == 8);
    std::vector<std::vector<int>> orders;
    for (std::uint32_t epoch : {0u, 1u, 0u}) {
        std::vector<int> seen;
        for (Eigen::Index k = 0; k < 3; ++k) {
            const dfa::Batch batch = source.training_batch(epoch, k, workers);
            CHECK(batch.input->rows() == (k < 2 ? 16 : 10));
            collect(batch, seen);
        }
        const std::set<int> once(seen.begin(), seen.end());
        CHECK(once.size() == 42);
        for (int id : held_out) CHECK(once.count(id) == 0);
        orders.push_back(seen);
    }
    CHECK(orders[0] != orders[1]);
    CHECK(orders[0] == orders[2]);
    CHECK_THROWS_AS(dfa::ImageSource(data, {.validation = 50}), std::invalid_argument);
}

TEST_CASE("shifted images move whole, stay in the frame and use every direction") {
    dfa::ImageData data;
    data.train.images = {1, 5, 5, std::vector<std::uint8_t>(25, 0)};
    data.train.images.pixels[2 * 5 + 2] = 255;
    data.train.images.pixels[0] = 51;  // moves out of the frame when shifted up or left
    data.train.labels = {3};
    data.test = data.train;
    dfa::Workers workers(1);
    dfa::ImageSource source(data, {.validation = 0, .seed = 1, .batch = 1, .max_shift_px = 1});
    std::set<std::pair<int, int>> moves;
    for (std::uint32_t epoch = 0; epoch < 200; ++epoch) {
        const dfa::Batch batch = source.training_batch(epoch, 0, workers);
        const dfa::Matrix& image = batch.input->dense;
        Eigen::Index place = 0;
        REQUIRE(image.row(0).maxCoeff(&place) == 1.0f);
        const int down = static_cast<int>(place / 5) - 2;
        const int right = static_cast<int>(place % 5) - 2;
        moves.emplace(down, right);
        const bool corner_inside = down >= 0 && right >= 0;
        CHECK((image.array() > 0).count() == (corner_inside ? 2 : 1));
        if (corner_inside) CHECK(image(0, down * 5 + right) == doctest::Approx(0.2));
    }
    CHECK(moves.size() == 9);  // P(one of nine missing in 200) = 9 (8/9)^200 = 5e-10
}

TEST_CASE("standard pixels have mean 0 and deviation 1 over the training images, background too") {
    dfa::ImageData data;
    // Bytes 0, 0, 0, 200: mean 50, deviation sqrt(150^2 + 3 * 50^2) / 2 = 50 sqrt(3).
    data.train.images = {1, 2, 2, {0, 0, 0, 200}};
    data.train.labels = {0};
    data.test.images = {1, 2, 2, {50, 100, 0, 0}};
    data.test.labels = {0};
    dfa::Workers workers(1);
    const double root = std::sqrt(3.0);
    const auto near = [](float value, double expected) {
        return std::abs(static_cast<double>(value) - expected) < 1e-6;
    };
    for (int shift : {0, 2}) {
        dfa::ImageSource source(data, {.validation = 0,
                                       .batch = 1,
                                       .scale = dfa::PixelScale::standard,
                                       .max_shift_px = shift});
        for (std::uint32_t epoch = 0; epoch < 50; ++epoch) {
            const dfa::Matrix& image = source.training_batch(epoch, 0, workers).input->dense;
            for (Eigen::Index p = 0; p < 4; ++p) {
                const bool ink = near(image(0, p), root);
                CHECK((ink || near(image(0, p), -1 / root)));
                if (shift == 0) CHECK(ink == (p == 3));
            }
        }
        const dfa::Matrix& test = source.evaluation_batch(dfa::Part::test, 0, workers).input->dense;
        CHECK(near(test(0, 0), 0));
        CHECK(near(test(0, 1), 1 / root));
    }
}
