// planetoid_split.tsv, from hand-made papers and, where they are at hand, from the published ones.
#include "cli/fetch/cora_split.h"

#include "cli/fetch/dataset.h"
#include "dfa/graph_data.h"
#include "tests/cli/scratch_folder.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>
#include <sstream>

using namespace opal::cli::fetch;

namespace {

std::vector<std::string> node_order() {
    std::istringstream lines{std::string(cora_node_order())};
    std::vector<std::string> ids;
    for (std::string line; std::getline(lines, line);) {
        if (line.starts_with("#")) continue;
        std::istringstream words(line);
        for (std::string id; words >> id;) ids.push_back(id);
    }
    return ids;
}

}  // namespace

TEST_CASE("every paper has one place, and each line says node, id, class and part") {
    const auto ids = node_order();
    CHECK(ids.size() == 2708);
    CHECK(std::set<std::string>(ids.begin(), ids.end()).size() == 2708);
    std::string content;
    for (const std::string& id : ids) content += id + "\t0\t1\tRule_Learning\n";
    std::istringstream lines(make_cora_split(content));
    std::vector<std::string> split;
    for (std::string line; std::getline(lines, line);) split.push_back(line);
    REQUIRE(split.size() == 2709);
    CHECK(split[0] == "#node\tpaper_id\tclass\tclass_name\tsplit");
    CHECK(split[1] == "0\t1110563\t6\tRule_Learning\ttrain");
    CHECK(split[2708] == "2707\t853115\t6\tRule_Learning\ttest");
    // 140, 500, 1068 and 1000 papers [Yang 2016].
    const auto part = [&](int node) {
        const std::string& line = split[static_cast<std::size_t>(node) + 1];
        return line.substr(line.rfind('\t') + 1);
    };
    CHECK(part(139) == "train");
    CHECK(part(140) == "val");
    CHECK(part(639) == "val");
    CHECK(part(640) == "none");
    CHECK(part(1707) == "none");
    CHECK(part(1708) == "test");
}

TEST_CASE("a content file of other papers or classes is refused") {
    CHECK_THROWS_WITH(make_cora_split("1\t0\tTheory\n"), "cora.content has no paper 1110563");
    CHECK_THROWS_WITH(make_cora_split("1110563\t0\tPoetry\n"),
                      "paper 1110563 of cora.content has the unknown class 'Poetry'");
}

TEST_CASE("byte-identical to the split at hand, which the loader takes") {
    const std::filesystem::path shared = OPAL_SHARED_CORA;
    if (!std::filesystem::exists(shared / "cora.content")) {
        MESSAGE("no Cora at hand; not compared");
        return;
    }
    const std::string split = make_cora_split(content_of(shared / "cora.content"));
    CHECK(split == content_of(shared / "planetoid_split.tsv"));
    const ScratchFolder folder;
    std::ofstream(folder / "planetoid_split.tsv", std::ios::binary) << split;
    for (const char* name : {"cora.content", "cora.cites"}) {
        std::filesystem::copy_file(shared / name, folder / name);
    }
    const auto graph = opal::dfa::load_cora(folder.path());
    CHECK(graph.nodes() == 2708);
    CHECK(graph.edges == 5278);
    const auto in_training =
        std::count(graph.parts.begin(), graph.parts.end(), opal::dfa::Part::training);
    CHECK(in_training == 140);
}
