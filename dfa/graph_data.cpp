// The Cora loader. See graph_data.h.
#include "dfa/graph_data.h"

#include "dfa/data_error.h"
#include "dfa/data_file.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <string_view>
#include <unordered_map>

namespace opal::dfa {

namespace {

constexpr std::size_t most_text_bytes = std::size_t{1} << 30;

// A text file line by line, each cut at its tabs. Views live as long as the Table.
class Table {
public:
    explicit Table(const std::filesystem::path& path) : path_(path) {
        DataFile file(path);
        text_ = file.read_text(most_text_bytes);
        rest_ = text_;
    }

    bool next() {
        if (rest_.empty()) return false;
        ++line_;
        const std::size_t end = rest_.find('\n');
        std::string_view line = rest_.substr(0, end);
        rest_ = end == std::string_view::npos ? std::string_view{} : rest_.substr(end + 1);
        if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
        fields_.clear();
        for (;;) {
            const std::size_t tab = line.find('\t');
            fields_.push_back(line.substr(0, tab));
            if (tab == std::string_view::npos) return true;
            line.remove_prefix(tab + 1);
        }
    }

    const std::vector<std::string_view>& fields() const { return fields_; }
    std::int64_t line() const { return line_; }

    void expect_fields(std::size_t count, const std::string& what) const {
        if (fields_.size() != count) {
            fail(std::to_string(fields_.size()) + " fields", std::to_string(count) + ": " + what);
        }
    }

    int number(std::size_t field, const std::string& expected) const {
        int value = 0;
        const std::string_view text = fields_[field];
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
        if (error != std::errc{} || end != text.data() + text.size()) fail(quoted(field), expected);
        return value;
    }

    std::string quoted(std::size_t field) const {
        return "'" + std::string(fields_[field].substr(0, 40)) + "'";
    }

    [[noreturn]] void fail(const std::string& found, const std::string& expected) const {
        throw DataError(path_, "line " + std::to_string(line_) + " has " + found, expected);
    }

private:
    std::filesystem::path path_;
    std::string text_;
    std::string_view rest_;
    std::vector<std::string_view> fields_;
    std::int64_t line_ = 0;
};

struct Paper {
    std::vector<std::int32_t> words;
    std::string class_name;
    std::int32_t node = -1;  // set by the split file
};

struct Papers {
    std::unordered_map<std::string, Paper> by_id;
    std::size_t words = 0;
};

Papers read_papers(const std::filesystem::path& path) {
    Table table(path);
    Papers papers;
    while (table.next()) {
        const auto& fields = table.fields();
        if (papers.by_id.empty()) {
            if (fields.size() < 3) table.fail("no words", "id, words, class name");
            papers.words = fields.size() - 2;
        }
        table.expect_fields(papers.words + 2, "id, " + std::to_string(papers.words) +
                                                  " words as in line 1, class name");
        Paper paper;
        for (std::size_t w = 0; w < papers.words; ++w) {
            const std::string_view word = fields[w + 1];
            if (word == "1") {
                paper.words.push_back(static_cast<std::int32_t>(w));
            } else if (word != "0") {
                table.fail(table.quoted(w + 1) + " in field " + std::to_string(w + 2), "0 or 1");
            }
        }
        paper.class_name = fields.back();
        if (!papers.by_id.emplace(fields[0], std::move(paper)).second) {
            table.fail("paper " + table.quoted(0) + " again", "every paper once");
        }
    }
    if (papers.by_id.empty()) throw DataError(path, "no lines", "one line per paper");
    return papers;
}

std::optional<Part> part_named(std::string_view name) {
    if (name == "train") return Part::training;
    if (name == "val") return Part::validation;
    if (name == "test") return Part::test;
    if (name == "none") return Part::none;
    return std::nullopt;
}

// Fills labels, parts, class names; numbers the papers.
void read_split(const std::filesystem::path& path, Papers& papers, GraphData& data) {
    Table table(path);
    if (!table.next() || table.fields()[0].substr(0, 1) != "#") {
        throw DataError(path, "no head line", "a first line that begins with #");
    }
    while (table.next()) {
        table.expect_fields(5, "node, id, class, class name, part");
        const auto node = static_cast<std::int32_t>(data.labels.size());
        const std::string wanted = "node " + std::to_string(node);
        if (table.number(0, wanted) != node) table.fail("node " + table.quoted(0), wanted);
        const auto paper = papers.by_id.find(std::string(table.fields()[1]));
        if (paper == papers.by_id.end()) {
            table.fail("paper " + table.quoted(1), "a paper of cora.content");
        }
        if (paper->second.node >= 0) {
            table.fail("paper " + table.quoted(1) + " again", "every paper once");
        }
        if (table.fields()[3] != paper->second.class_name) {
            table.fail("class " + table.quoted(3),
                       "'" + paper->second.class_name + "' as in cora.content");
        }
        const int label = table.number(2, "a class number");
        constexpr int most_classes = 1000;
        if (label < 0 || label >= most_classes) {
            table.fail("class " + table.quoted(2), "0 to " + std::to_string(most_classes - 1));
        }
        const auto index = static_cast<std::size_t>(label);
        if (index >= data.class_names.size()) data.class_names.resize(index + 1);
        if (data.class_names[index].empty()) {
            data.class_names[index] = paper->second.class_name;
        } else if (data.class_names[index] != paper->second.class_name) {
            table.fail("class " + table.quoted(2) + " named " + table.quoted(3),
                       "'" + data.class_names[index] + "' as in an earlier line");
        }
        const std::optional<Part> part = part_named(table.fields()[4]);
        if (!part) table.fail("part " + table.quoted(4), "train, val, test or none");
        paper->second.node = node;
        data.labels.push_back(label);
        data.parts.push_back(*part);
    }
    if (data.labels.size() != papers.by_id.size()) {
        throw DataError(path, std::to_string(data.labels.size()) + " papers",
                        std::to_string(papers.by_id.size()) + " as in cora.content");
    }
    // A number that no paper has would be an output that no label ever asks for.
    for (std::size_t k = 0; k < data.class_names.size(); ++k) {
        if (!data.class_names[k].empty()) continue;
        throw DataError(
            path, "no paper of class " + std::to_string(k),
            "papers of every class from 0 to " + std::to_string(data.class_names.size() - 1));
    }
    for (const Part part : {Part::training, Part::validation, Part::test}) {
        if (std::find(data.parts.begin(), data.parts.end(), part) == data.parts.end()) {
            throw DataError(path, "a part without papers", "some of each of train, val and test");
        }
    }
    data.classes = static_cast<int>(data.class_names.size());
}

}  // namespace

SparseMatrix normalised_adjacency(Eigen::Index nodes,
                                  std::vector<std::pair<std::int32_t, std::int32_t>> edges) {
    const std::size_t given = edges.size();
    for (std::size_t k = 0; k < given; ++k) edges.emplace_back(edges[k].second, edges[k].first);
    for (Eigen::Index n = 0; n < nodes; ++n) {
        edges.emplace_back(static_cast<std::int32_t>(n), static_cast<std::int32_t>(n));
    }
    std::sort(edges.begin(), edges.end());
    edges.erase(std::unique(edges.begin(), edges.end()), edges.end());
    std::vector<int> degree(static_cast<std::size_t>(nodes), 0);
    for (const auto& [a, b] : edges) ++degree[static_cast<std::size_t>(a)];
    std::vector<SparseEntry> entries;
    entries.reserve(edges.size());
    for (const auto& [a, b] : edges) {
        const double product = static_cast<double>(degree[static_cast<std::size_t>(a)]) *
                               degree[static_cast<std::size_t>(b)];
        entries.push_back({a, b, static_cast<float>(1 / std::sqrt(product))});
    }
    return {nodes, nodes, std::move(entries)};
}

GraphData load_cora(const std::filesystem::path& folder) {
    Papers papers = read_papers(find_data_file(folder, "cora.content"));
    GraphData data;
    read_split(find_data_file(folder, "planetoid_split.tsv"), papers, data);
    const auto nodes = static_cast<Eigen::Index>(data.labels.size());

    std::vector<SparseEntry> words;
    for (const auto& [id, paper] : papers.by_id) {
        const float share = 1.0f / static_cast<float>(paper.words.size());
        for (const std::int32_t word : paper.words) words.push_back({paper.node, word, share});
    }
    data.words = {nodes, static_cast<Eigen::Index>(papers.words), std::move(words)};

    Table cites(find_data_file(folder, "cora.cites"));
    std::vector<std::pair<std::int32_t, std::int32_t>> edges;
    while (cites.next()) {
        cites.expect_fields(2, "cited id, citing id");
        std::int32_t ends[2];
        for (std::size_t k = 0; k < 2; ++k) {
            const auto paper = papers.by_id.find(std::string(cites.fields()[k]));
            if (paper == papers.by_id.end()) {
                cites.fail("paper " + cites.quoted(k), "a paper of cora.content");
            }
            ends[k] = paper->second.node;
        }
        if (ends[0] != ends[1]) edges.emplace_back(ends[0], ends[1]);
    }
    if (edges.empty()) {
        throw DataError(folder / "cora.cites", "no citations", "one line per citation");
    }
    data.adjacency = normalised_adjacency(nodes, std::move(edges));
    data.edges = (static_cast<std::int64_t>(data.adjacency.values().size()) -
                  static_cast<std::int64_t>(nodes)) /
                 2;
    return data;
}

}  // namespace opal::dfa
