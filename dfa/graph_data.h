// GraphData: a citation graph with words and classes (Cora), ready for graph convolution.
//
//   folder/cora.content          id, word 0/1 ..., class name           one line per paper
//          cora.cites            cited id, citing id                    one line per citation
//          planetoid_split.tsv   node, id, class, class name, part      one line per node
//
// Node order, class numbers and parts are those of the split file [Yang 2016].
#pragma once

#include "dfa/sparse.h"
#include "dfa/split.h"

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace opal::dfa {

struct GraphData {
    int classes = 0;
    std::vector<std::int32_t> labels;  // class of each node
    std::vector<Part> parts;           // of each node
    std::vector<std::string> class_names;
    SparseMatrix words;      // (nodes, words): 0/1 divided by the sum of the row
    SparseMatrix adjacency;  // D^-1/2 (A + I) D^-1/2, symmetric [Kipf 2017, eq. 2]
    std::int64_t edges = 0;  // different undirected ones, without self loops

    Eigen::Index nodes() const { return words.rows(); }
};

// Throws DataError with the line number.
GraphData load_cora(const std::filesystem::path& folder);

// D^-1/2 (A + I) D^-1/2 with D the degrees of A + I. Pairs (a, b), a != b, in any order, doubles
// allowed.
SparseMatrix normalised_adjacency(Eigen::Index nodes,
                                  std::vector<std::pair<std::int32_t, std::int32_t>> edges);

}  // namespace opal::dfa
