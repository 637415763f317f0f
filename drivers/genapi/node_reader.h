// NodeReader: XML elements -> nodes. Used by Description alone.
#pragma once

#include "drivers/genapi/node.h"

#include <pugixml.hpp>

#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace opal::drivers::genapi {

class NodeReader {
public:
    // `texts`: keeps what the description does not have in one piece.
    NodeReader(std::vector<Node>& nodes, std::deque<std::string>& texts,
               std::vector<std::string>& notes)
        : nodes_(nodes), texts_(texts), notes_(notes) {}

    // All nodes below the root.
    void read(const pugi::xml_node& root);

private:
    void read_group(const pugi::xml_node& group, int depth);
    void read_node(const pugi::xml_node& element, Kind kind);
    void read_struct(const pugi::xml_node& element);
    void read_child(const pugi::xml_node& child, Node& node);
    bool read_register_child(std::string_view tag, const pugi::xml_node& child, Node& node);
    bool read_value_child(std::string_view tag, const pugi::xml_node& child, Node& node);
    bool read_formula_child(std::string_view tag, const pugi::xml_node& child, Node& node);
    bool read_source(std::string_view tag, const pugi::xml_node& child, Node& node);
    void read_entry(const pugi::xml_node& element, Node& node);
    std::string_view read_inner_knife(const pugi::xml_node& element, const Node& owner);
    std::string_view text_of(const pugi::xml_node& element);
    std::string_view kept(std::string text);
    Node& append(Kind kind, std::string_view name);
    void note(std::string text);

    std::vector<Node>& nodes_;
    std::deque<std::string>& texts_;
    std::vector<std::string>& notes_;
};

}  // namespace opal::drivers::genapi
