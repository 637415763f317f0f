// CoraSplit: the file planetoid_split.tsv, which no public archive of Cora has.
//
//   paper ids in node order (cora_node_order.txt) + classes (cora.content) -> planetoid_split.tsv
//
// One head line, then one line per node: number, paper id, class number, class name, part. The part
// follows from the number alone [Yang 2016]: 0-139 train, 140-639 val, 1708-2707 test, else none.
#pragma once

#include <string>
#include <string_view>

namespace opal::cli::fetch {

// Throws std::runtime_error if `content` is not a cora.content with these papers.
std::string make_cora_split(std::string_view content);

// The text of cora_node_order.txt.
std::string_view cora_node_order();

}  // namespace opal::cli::fetch
