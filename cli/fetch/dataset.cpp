// The catalogue: names, lengths, SHA-256 and mirrors of MNIST, Fashion-MNIST and Cora.
//
// Where the sums come from is told in docs/data.md. Addresses at GitHub name a commit, so that what
// is behind them cannot change.
#include "cli/fetch/dataset.h"

#include "cli/fetch/cora_split.h"

#include <algorithm>
#include <array>

namespace opal::cli::fetch {

namespace {

Dataset mnist() {
    return {
        "mnist",
        "MNIST: 60,000 + 10,000 handwritten digits, 28 x 28 pixels, ten classes",
        "Yann LeCun, Corinna Cortes and Christopher Burges, from NIST special databases 1 and 3",
        "none comes with the files; some mirrors state CC BY-SA 3.0",
        {{"train-images-idx3-ubyte.gz", 47'040'016,
          "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db", 9'912'422,
          "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609"},
         {"train-labels-idx1-ubyte.gz", 60'008,
          "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5", 28'881,
          "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c"},
         {"t10k-images-idx3-ubyte.gz", 7'840'016,
          "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7", 1'648'877,
          "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6"},
         {"t10k-labels-idx1-ubyte.gz", 10'008,
          "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2", 4'542,
          "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6"}},
        {},
        {"https://ossci-datasets.s3.amazonaws.com/mnist",
         "https://storage.googleapis.com/cvdf-datasets/mnist",
         "https://raw.githubusercontent.com/fgnt/mnist/ae608a02b796c9ee908c082585a5f006fe05258e"}};
}

Dataset fashion_mnist() {
    return {"fashion-mnist",
            "Fashion-MNIST: 60,000 + 10,000 pictures of clothes, 28 x 28 pixels, ten classes",
            "Han Xiao, Kashif Rasul and Roland Vollgraf, Zalando SE",
            "MIT",
            {{"train-images-idx3-ubyte.gz", 47'040'016,
              "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888", 26'421'880,
              "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84"},
             {"train-labels-idx1-ubyte.gz", 60'008,
              "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9", 29'515,
              "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845"},
             {"t10k-images-idx3-ubyte.gz", 7'840'016,
              "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b", 4'422'102,
              "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073"},
             {"t10k-labels-idx1-ubyte.gz", 10'008,
              "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34", 5'148,
              "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5"}},
            {},
            {"file:///usr/share/datasets/fashion-mnist",  // Debian's package dataset-fashion-mnist
             "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/"
             "b2617bb6d3ffa2e429640350f613e3291e10b141/data/fashion",
             "https://storage.googleapis.com/tensorflow/tf-keras-datasets",
             "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com"}};
}

Dataset cora() {
    return {"cora",
            "Cora: 2,708 papers in seven classes, 1,433 words, 5,429 citations; the public split",
            "LINQS edition of 2007 (Sen et al. 2008); node order and split of Yang et al. 2016",
            "none is stated for the data; please cite the two papers",
            {{"cora.content",
              7'823'427,
              "b8ebed0fd45e53995abafd1b70cf6a9fcc8f86abc5826d69b97fe6ca46e9c8ee",
              0,
              {}},
             {"cora.cites",
              69'928,
              "ec1a372391b7f0f60a6aff0084e8abd8f19f0faa7e1f2441a41c492042d5945e",
              0,
              {}}},
            {{"planetoid_split.tsv", 93'363,
              "09388a8ff4ba50219867d3df08eb42df26fcc502d7eb56a4f017d820d0dc6ebd", "cora.content",
              make_cora_split}},
            {"https://raw.githubusercontent.com/tkipf/pygcn/"
             "1600b5b748b3976413d1e307540ccc62605b4d6d/data/cora",
             "https://cdn.jsdelivr.net/gh/tkipf/pygcn@"
             "1600b5b748b3976413d1e307540ccc62605b4d6d/data/cora",
             "https://linqs-data.soe.ucsc.edu/public/lbc/cora.tgz"}};
}

}  // namespace

std::string WantedFile::content_name() const {
    return is_packed() ? name.substr(0, name.size() - 3) : name;
}

std::uint64_t WantedFile::most_bytes() const {
    // Deflate grows incompressible data by 5 bytes per stored block [RFC 1951, section 3.2.4], far
    // less than 1/64; the head of a gzip file with a name in it is shorter than 64 KiB.
    return is_packed() ? content_bytes + content_bytes / 64 + 65'536 : content_bytes;
}

std::span<const Dataset> datasets() {
    static const std::array<Dataset, 3> all{mnist(), fashion_mnist(), cora()};
    return all;
}

const Dataset* find_dataset(std::string_view name) {
    const auto all = datasets();
    const auto found =
        std::find_if(all.begin(), all.end(), [&](const Dataset& d) { return d.name == name; });
    return found == all.end() ? nullptr : &*found;
}

bool is_archive(std::string_view url) {
    return url.ends_with(".tgz") || url.ends_with(".tar.gz") || url.ends_with(".zip");
}

}  // namespace opal::cli::fetch
