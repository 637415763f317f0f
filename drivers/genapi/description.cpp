// Description: the parsed file and its index of names.
#include "drivers/genapi/description.h"

#include "drivers/genapi/literal.h"
#include "drivers/genapi/node_reader.h"

#include <pugixml.hpp>

#include <unordered_map>

namespace opal::drivers::genapi {

struct Description::Content {
    pugi::xml_document document;  // names and texts of the nodes point into it
    std::deque<std::string> texts;
    std::vector<Node> nodes;
    std::unordered_map<std::string_view, std::size_t> by_name;
    std::vector<std::string> notes;
    std::string_view model;
    std::string_view vendor;
    int schema_major = 0;
    int schema_minor = 0;
};

namespace {

int small_number(const char* text) {
    const auto value = parse_integer(trimmed(text));
    return value && *value >= 0 && *value < 1000 ? static_cast<int>(*value) : 0;
}

// One file carries a line of text before its XML.
std::string_view from_first_tag(std::string_view xml) {
    const bool wide = xml.size() > 1 &&
                      (xml[0] == '\0' || xml[1] == '\0' || xml[0] == '\xFE' || xml[0] == '\xFF');
    const std::size_t tag = xml.find('<');
    return wide || tag == std::string_view::npos ? xml : xml.substr(tag);
}

}  // namespace

Description::Description(std::string_view xml) : content_(std::make_unique<Content>()) {
    Content& content = *content_;
    const std::string_view file = from_first_tag(xml);
    const pugi::xml_parse_result result = content.document.load_buffer(
        file.data(), file.size(), pugi::parse_default | pugi::parse_doctype);
    if (!result)
        throw DescriptionError(std::string("camera description: no XML: ") + result.description() +
                               " at byte " + std::to_string(result.offset));
    for (const pugi::xml_node& node : content.document.children())
        if (node.type() == pugi::node_doctype)
            throw DescriptionError(
                "camera description: it defines a document type; cameras have no need for entities "
                "of their own, so this is refused");
    const pugi::xml_node root = content.document.document_element();
    const std::string_view name = root.name();
    if (!name.ends_with("RegisterDescription"))
        throw DescriptionError(
            "camera description: the XML is no RegisterDescription, as GenICam cameras have");
    content.model = root.attribute("ModelName").value();
    content.vendor = root.attribute("VendorName").value();
    content.schema_major = small_number(root.attribute("SchemaMajorVersion").value());
    content.schema_minor = small_number(root.attribute("SchemaMinorVersion").value());
    NodeReader(content.nodes, content.texts, content.notes).read(root);
    content.by_name.reserve(content.nodes.size());
    for (std::size_t i = 0; i < content.nodes.size(); ++i) {
        const bool added = content.by_name.emplace(content.nodes[i].name, i).second;
        if (!added && content.notes.size() < 100)
            content.notes.push_back("a second node is called " +
                                    std::string(content.nodes[i].name) + "; the first counts");
    }
}

Description::~Description() = default;

std::string_view Description::model_name() const {
    return content_->model;
}
std::string_view Description::vendor_name() const {
    return content_->vendor;
}
int Description::schema_major() const {
    return content_->schema_major;
}
int Description::schema_minor() const {
    return content_->schema_minor;
}
const std::vector<Node>& Description::nodes() const {
    return content_->nodes;
}
const std::vector<std::string>& Description::notes() const {
    return content_->notes;
}

const Node* Description::find(std::string_view name) const {
    const auto found = content_->by_name.find(name);
    return found == content_->by_name.end() ? nullptr : &content_->nodes[found->second];
}

std::size_t Description::index_of(const Node& node) const {
    return static_cast<std::size_t>(&node - content_->nodes.data());
}

}  // namespace opal::drivers::genapi
