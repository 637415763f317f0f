// Page: puts sections, tables and pictures into one HTML text. See page.h.
#include "cli/report/page.h"

#include <fmt/format.h>

namespace opal::cli {

namespace {

constexpr const char* style = R"css(
:root { color-scheme: light dark;
  --paper: #ffffff; --ink: #1b1f24; --soft: #5b6470; --line: #d9dee5; --card: #f5f7fa;
  --accent: #1f6fc4; --good: #1c8553; --bad: #c0392b; }
@media (prefers-color-scheme: dark) { :root {
  --paper: #14171b; --ink: #e4e8ee; --soft: #9aa5b3; --line: #2c333c; --card: #1c2127;
  --accent: #6bb0f5; --good: #4ac48a; --bad: #ff7b6b; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink);
  font: 16px/1.6 system-ui, "Segoe UI", "Noto Sans", "DejaVu Sans", sans-serif; }
main { max-width: 66rem; margin: 0 auto; padding: 2.5rem 1.5rem 5rem; }
h1 { font-size: 2rem; line-height: 1.2; margin: 0 0 .5rem; letter-spacing: -.01em; }
h2 { font-size: 1.35rem; margin: 3rem 0 .6rem; padding-top: 1rem;
  border-top: 1px solid var(--line); }
p { max-width: 46rem; margin: .6rem 0; }
.lead { color: var(--soft); font-size: 1.05rem; }
nav { margin: 1.2rem 0 0; font-size: .92rem; display: flex; flex-wrap: wrap; gap: .3rem 1.1rem; }
a { color: var(--accent); text-decoration: none; }
a:hover { text-decoration: underline; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(9.5rem, 1fr)); gap: .8rem;
  margin: 1.6rem 0; }
.tile { background: var(--card); border: 1px solid var(--line); border-radius: .6rem;
  padding: .8rem 1rem; }
.tile b { display: block; font-size: 1.45rem; line-height: 1.3;
  font-variant-numeric: tabular-nums; }
.tile span { color: var(--soft); font-size: .85rem; }
figure { margin: 1.4rem 0 2rem; }
.drawings { display: flex; flex-wrap: wrap; gap: 1.4rem; align-items: flex-start; }
svg { font-family: inherit; max-width: 100%; }
svg text, svg tspan { font-family: inherit; }
svg.plot { flex: 1 1 24rem; max-width: 32rem; height: auto; color: var(--ink); }
svg.picture { flex: 1 1 15rem; max-width: 22rem; height: auto; color: var(--ink); }
svg.picture text { fill: currentColor; font-size: 12px; }
svg.picture text.mark { fill: #7fe7ff; font-size: 12px; text-anchor: middle; paint-order: stroke;
  stroke: #000; stroke-width: 3px; }
figcaption { max-width: 46rem; margin-top: .7rem; font-size: .92rem; color: var(--soft); }
figcaption b { color: var(--ink); }
table { border-collapse: collapse; margin: 1rem 0 1.6rem; font-size: .94rem; width: 100%; }
th, td { text-align: left; padding: .42rem .8rem .42rem 0; border-bottom: 1px solid var(--line);
  vertical-align: top; }
th { color: var(--soft); font-weight: 600; font-size: .85rem; }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.ok, .no { font-weight: 700; }
.ok { color: var(--good); } .no { color: var(--bad); }
.bar { display: block; height: .7rem; margin-top: .45rem; border-radius: .2rem;
       background: var(--accent); }
pre, code { font: .86rem/1.5 ui-monospace, "DejaVu Sans Mono", monospace; }
pre { background: var(--card); border: 1px solid var(--line); border-radius: .4rem;
  padding: .8rem 1rem; overflow: auto; max-height: 24rem; }
details.numbers { flex: 1 1 24rem; }
footer { margin-top: 3rem; color: var(--soft); font-size: .88rem; }
@media print { main { max-width: none; padding: 0; } h2, figure { break-inside: avoid; } }
)css";

}  // namespace

std::string escaped(std::string_view text) {
    std::string html;
    for (const char c : text) {
        switch (c) {
            case '&':
                html += "&amp;";
                break;
            case '<':
                html += "&lt;";
                break;
            case '>':
                html += "&gt;";
                break;
            case '"':
                html += "&quot;";
                break;
            default:
                html += c;
        }
    }
    return html;
}

void Page::tiles(const std::vector<Tile>& tiles) {
    body_ += "<div class=\"tiles\">\n";
    for (const auto& tile : tiles) {
        body_ += fmt::format("<div class=\"tile\"><b>{}</b><span>{}</span></div>\n",
                             escaped(tile.value), escaped(tile.name));
    }
    body_ += "</div>\n";
}

void Page::section(const std::string& title, const std::string& id) {
    sections_.emplace_back(id, title);
    body_ += fmt::format("<h2 id=\"{}\">{}</h2>\n", id, escaped(title));
}

void Page::figure(const std::vector<std::string>& drawings, const std::string& see,
                  const std::string& bad) {
    body_ += "<figure><div class=\"drawings\">\n";
    for (const auto& drawing : drawings) {
        if (!drawing.empty()) body_ += drawing + "\n";
    }
    body_ += fmt::format("</div><figcaption><b>Figure {}.</b> {}", ++figures_, see);
    if (!bad.empty()) body_ += " <b>Bad would be:</b> " + bad;
    body_ += "</figcaption></figure>\n";
}

void Page::table(const std::vector<std::vector<std::string>>& rows, std::size_t numbers_from) {
    body_ += "<table>\n";
    for (std::size_t r = 0; r < rows.size(); ++r) {
        const char* const cell = r == 0 ? "th" : "td";
        body_ += "<tr>";
        for (std::size_t c = 0; c < rows[r].size(); ++c) {
            body_ += fmt::format("<{0}{1}>{2}</{0}>", cell, c >= numbers_from ? " class=\"n\"" : "",
                                 rows[r][c]);
        }
        body_ += "</tr>\n";
    }
    body_ += "</table>\n";
}

std::string Page::html() const {
    std::string contents;
    for (const auto& [id, title] : sections_) {
        contents += fmt::format("<a href=\"#{}\">{}</a>", id, escaped(title));
    }
    return fmt::format(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
        "<title>{0}</title>\n<style>{1}</style></head>\n<body><main>\n<h1>{0}</h1>\n"
        "<nav>{2}</nav>\n{3}</main></body></html>\n",
        escaped(title_), style, contents, body_);
}

}  // namespace opal::cli
