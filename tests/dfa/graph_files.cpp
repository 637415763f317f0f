// Cora files: a hand-typed graph read right, and one clear line for every kind of bad file.
#include "dfa/data_error.h"
#include "dfa/graph_data.h"
#include "dfa/graph_source.h"
#include "tests/dfa/data_folder.h"
#include "tests/dfa/reference.h"

#include <doctest/doctest.h>

using namespace opal;

namespace {

// Four papers, three words, two classes. Citations: 30-10 both ways, 10-20, 20-40.
const std::string content =
    "10\t1\t0\t1\tTheory\n"
    "20\t0\t1\t0\tNets\n"
    "30\t1\t1\t1\tTheory\n"
    "40\t0\t0\t0\tNets\n";
const std::string cites = "30\t10\n10\t30\n10\t20\n20\t40\n";
const std::string split =
    "# node\tpaper\tclass\tname\tpart\n"
    "0\t30\t1\tTheory\ttrain\n"
    "1\t10\t1\tTheory\tval\n"
    "2\t20\t0\tNets\ttest\n"
    "3\t40\t0\tNets\tnone\n";

std::string replaced(std::string text, const std::string& from, const std::string& to) {
    const std::size_t at = text.find(from);
    REQUIRE(at != std::string::npos);
    return text.replace(at, from.size(), to);
}

std::string complaint(const std::string& content_text, const std::string& cites_text,
                      const std::string& split_text) {
    const tests::DataFolder folder("graph");
    folder.write("cora.content", content_text);
    folder.write("cora.cites", cites_text);
    folder.write("planetoid_split.tsv", split_text);
    try {
        dfa::load_cora(folder.path());
    } catch (const dfa::DataError& error) {
        const std::string text = error.what();
        CHECK(text.find('\n') == std::string::npos);
        CHECK(text.rfind(folder.path().string() + "/", 0) == 0);
        return text.substr(folder.path().string().size() + 1);
    }
    return "no error";
}

tests::Table dense(const dfa::SparseMatrix& a) {
    tests::Table t(static_cast<std::size_t>(a.rows()), static_cast<std::size_t>(a.cols()));
    for (std::size_t r = 0; r < t.rows; ++r) {
        const auto begin = static_cast<std::size_t>(a.pattern().row_begin[r]);
        const auto end = static_cast<std::size_t>(a.pattern().row_begin[r + 1]);
        for (std::size_t k = begin; k < end; ++k) {
            t.at(r, static_cast<std::size_t>(a.pattern().column[k])) =
                static_cast<double>(a.values()[k]);
        }
    }
    return t;
}

}  // namespace

TEST_CASE("a small graph: order, words, classes, parts and adjacency") {
    const tests::DataFolder folder("graph_good");
    folder.write("cora.content", content);
    folder.write("cora.cites", cites);
    folder.write("planetoid_split.tsv.gz", tests::gzip(split));
    const dfa::GraphData data = dfa::load_cora(folder.path());
    CHECK(data.nodes() == 4);
    CHECK(data.classes == 2);
    CHECK(data.edges == 3);
    CHECK(data.class_names == std::vector<std::string>{"Nets", "Theory"});
    CHECK(data.labels == std::vector<std::int32_t>{1, 1, 0, 0});
    CHECK(data.parts == std::vector<dfa::Part>{dfa::Part::training, dfa::Part::validation,
                                               dfa::Part::test, dfa::Part::none});
    tests::Table words(4, 3);
    words.cells = {1. / 3, 1. / 3, 1. / 3, 0.5, 0, 0.5, 0, 1, 0, 0, 0, 0};
    CHECK(tests::largest_difference(dense(data.words), words) < 1e-7);
    // Chain 0 - 1 - 2 - 3 with self loops: degrees 2, 3, 3, 2.
    tests::Table adjacency(4, 4);
    const double s6 = 1 / std::sqrt(6.0);
    adjacency.cells = {0.5, s6, 0, 0, s6, 1. / 3, 1. / 3, 0, 0, 1. / 3, 1. / 3, s6, 0, 0, s6, 0.5};
    CHECK(tests::largest_difference(dense(data.adjacency), adjacency) < 1e-7);

    dfa::GraphSource source(data);
    dfa::Workers workers(1);
    CHECK(source.inputs() == 3);
    CHECK(source.classes() == 2);
    const dfa::Batch train = source.training_batch(0, 0, workers);
    CHECK(std::vector<std::int32_t>(train.labels.begin(), train.labels.end()) ==
          std::vector<std::int32_t>{1, -1, -1, -1});
    const dfa::Batch test = source.evaluation_batch(dfa::Part::test, 0, workers);
    CHECK(std::vector<std::int32_t>(test.labels.begin(), test.labels.end()) ==
          std::vector<std::int32_t>{-1, -1, 0, -1});
    CHECK(source.samples(dfa::Part::validation) == 1);
}

TEST_CASE("bad graph files are named with line, finding and expectation") {
    CHECK(complaint(content, cites, split) == "no error");
    CHECK(complaint(replaced(content, "20\t0\t1\t0", "20\t0\t2\t0"), cites, split) ==
          "cora.content: line 2 has '2' in field 3, expected 0 or 1");
    CHECK(complaint(replaced(content, "20\t0\t1\t0", "20\t0\t1"), cites, split) ==
          "cora.content: line 2 has 4 fields, expected 5: id, 3 words as in line 1, class name");
    CHECK(complaint(replaced(content, "30\t", "10\t"), cites, split) ==
          "cora.content: line 3 has paper '10' again, expected every paper once");
    CHECK(complaint("", cites, split) == "cora.content: no lines, expected one line per paper");
    // Cut off in the middle of the last line.
    CHECK(complaint(content.substr(0, content.size() - 8), cites, split) ==
          "cora.content: line 4 has 3 fields, expected 5: id, 3 words as in line 1, class name");
    CHECK(complaint(content, cites + "20\t77\n", split) ==
          "cora.cites: line 5 has paper '77', expected a paper of cora.content");
    CHECK(complaint(content, cites + "20\n", split) ==
          "cora.cites: line 5 has 1 fields, expected 2: cited id, citing id");
    CHECK(complaint(content, "", split) ==
          "cora.cites: no citations, expected one line per citation");
    CHECK(complaint(content, cites, replaced(split, "# node", "node")) ==
          "planetoid_split.tsv: no head line, expected a first line that begins with #");
    CHECK(complaint(content, cites, replaced(split, "\n2\t", "\n3\t")) ==
          "planetoid_split.tsv: line 4 has node '3', expected node 2");
    CHECK(complaint(content, cites, replaced(split, "\n2\t", "\n2x\t")) ==
          "planetoid_split.tsv: line 4 has '2x', expected node 2");
    CHECK(complaint(content, cites, replaced(split, "\t40\t", "\t41\t")) ==
          "planetoid_split.tsv: line 5 has paper '41', expected a paper of cora.content");
    CHECK(complaint(content, cites, replaced(split, "\t40\t", "\t20\t")) ==
          "planetoid_split.tsv: line 5 has paper '20' again, expected every paper once");
    CHECK(complaint(content, cites, replaced(split, "40\t0\tNets", "40\t0\tTheory")) ==
          "planetoid_split.tsv: line 5 has class 'Theory', expected 'Nets' as in cora.content");
    CHECK(complaint(content, cites, replaced(split, "40\t0\tNets", "40\t1\tNets")) ==
          "planetoid_split.tsv: line 5 has class '1' named 'Nets', expected 'Theory' as in an "
          "earlier line");
    CHECK(complaint(content, cites, replaced(split, "40\t0\tNets", "40\t-1\tNets")) ==
          "planetoid_split.tsv: line 5 has class '-1', expected 0 to 999");
    CHECK(complaint(content, cites,
                    replaced(replaced(split, "30\t1\tTheory", "30\t5\tTheory"), "10\t1\tTheory",
                             "10\t5\tTheory")) ==
          "planetoid_split.tsv: no paper of class 1, expected papers of every class from 0 to 5");
    CHECK(complaint(content, cites, replaced(split, "none", "nobody")) ==
          "planetoid_split.tsv: line 5 has part 'nobody', expected train, val, test or none");
    CHECK(complaint(content, cites, split.substr(0, split.find("3\t40"))) ==
          "planetoid_split.tsv: 3 papers, expected 4 as in cora.content");
    CHECK(complaint(content, cites, replaced(split, "val", "none")) ==
          "planetoid_split.tsv: a part without papers, expected some of each of train, val and "
          "test");
}
