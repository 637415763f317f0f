// Joins the node order with the classes. See cora_split.h.
#include "cli/fetch/cora_split.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <stdexcept>
#include <unordered_map>

namespace opal::cli::fetch {

namespace {

// In the order of their numbers in the Planetoid form.
constexpr std::array<std::string_view, 7> class_names{
    "Theory",          "Reinforcement_Learning", "Genetic_Algorithms",
    "Neural_Networks", "Probabilistic_Methods",  "Case_Based",
    "Rule_Learning"};

std::string_view part_of(int node) {
    if (node < 140) return "train";
    if (node < 640) return "val";
    return node < 1708 ? "none" : "test";
}

// Takes the first line off.
std::string_view take_line(std::string_view& text) {
    const std::size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
    return line;
}

}  // namespace

std::string make_cora_split(std::string_view content) {
    std::unordered_map<std::string_view, std::string_view> class_of;
    while (!content.empty()) {
        const std::string_view line = take_line(content);
        const std::size_t last_tab = line.rfind('\t');
        if (last_tab == std::string_view::npos) continue;
        class_of[line.substr(0, line.find('\t'))] = line.substr(last_tab + 1);
    }
    std::string split = "#node\tpaper_id\tclass\tclass_name\tsplit\n";
    int node = 0;
    for (std::string_view order = cora_node_order(); !order.empty();) {
        std::string_view line = take_line(order);
        if (line.starts_with('#')) continue;
        while (!line.empty()) {
            const std::string_view id = line.substr(0, line.find(' '));
            line.remove_prefix(std::min(id.size() + 1, line.size()));
            const auto paper = class_of.find(id);
            if (paper == class_of.end()) {
                throw std::runtime_error(fmt::format("cora.content has no paper {}", id));
            }
            const auto name = std::find(class_names.begin(), class_names.end(), paper->second);
            if (name == class_names.end()) {
                throw std::runtime_error(fmt::format(
                    "paper {} of cora.content has the unknown class '{}'", id, paper->second));
            }
            split += fmt::format("{}\t{}\t{}\t{}\t{}\n", node, id, name - class_names.begin(),
                                 *name, part_of(node));
            ++node;
        }
    }
    return split;
}

}  // namespace opal::cli::fetch
