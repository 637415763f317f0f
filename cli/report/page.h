// Page: the report's HTML. One file, no script, nothing fetched; readable on paper, on a dark and
// on a light screen.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace opal::cli {

std::string escaped(std::string_view text);  // for HTML text and attributes

struct Tile {
    std::string value;
    std::string name;
};

class Page {
public:
    explicit Page(std::string title) : title_(std::move(title)) {}

    void lead(const std::string& html) { body_ += "<p class=\"lead\">" + html + "</p>\n"; }
    void tiles(const std::vector<Tile>& tiles);
    void section(const std::string& title, const std::string& id);
    void paragraph(const std::string& html) { body_ += "<p>" + html + "</p>\n"; }
    // One or more drawings side by side under one caption. `see`: what one sees; `bad`: what would
    // be a bad sign.
    void figure(const std::vector<std::string>& drawings, const std::string& see,
                const std::string& bad);
    // First row: heads. Cells are HTML. Columns from `numbers_from` on are aligned right.
    void table(const std::vector<std::vector<std::string>>& rows, std::size_t numbers_from);
    void raw(const std::string& html) { body_ += html; }

    std::string html() const;

private:
    std::string title_;
    std::string body_;
    std::vector<std::pair<std::string, std::string>> sections_;  // id, title
    int figures_ = 0;
};

}  // namespace opal::cli
