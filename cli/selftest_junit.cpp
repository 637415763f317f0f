// SelftestJunit: see selftest_junit.h. The layout is that of the JUnit schema CI servers agree on
// [Jenkins xUnit plugin, junit-10.xsd].
#include "cli/selftest_junit.h"

#include <fmt/format.h>

#include <algorithm>

namespace opal::cli {

namespace {

using contract::Outcome;

// Text for an attribute or an element. XML 1.0 has no way to write most control characters.
std::string escaped(const std::string& text) {
    std::string out;
    for (const char c : text) {
        switch (c) {
            case '&':
                out += "&amp;";
                break;
            case '<':
                out += "&lt;";
                break;
            case '>':
                out += "&gt;";
                break;
            case '"':
                out += "&quot;";
                break;
            case '\n':
                out += "&#10;";
                break;
            default:
                out += static_cast<unsigned char>(c) < 0x20 && c != '\t' ? '?' : c;
        }
    }
    return out;
}

std::string counts(const std::vector<SelftestCase>& cases, const std::string& suite) {
    std::size_t all = 0;
    std::size_t failed = 0;
    std::size_t skipped = 0;
    double seconds = 0;
    for (const SelftestCase& c : cases) {
        if (!suite.empty() && c.suite != suite) continue;
        ++all;
        failed += c.outcome == Outcome::failed ? 1 : 0;
        skipped += c.outcome == Outcome::skipped ? 1 : 0;
        seconds += c.wall_s;
    }
    return fmt::format(R"(tests="{}" failures="{}" errors="0" skipped="{}" time="{:.3f}")", all,
                       failed, skipped, seconds);
}

std::string one(const SelftestCase& c) {
    std::string xml = fmt::format(R"(    <testcase classname="opal.{}" name="{}" time="{:.3f}")",
                                  escaped(c.suite), escaped(c.title), c.wall_s);
    if (c.outcome == Outcome::passed && c.finding.empty()) return xml + "/>\n";
    xml += ">\n";
    const std::string first = c.reasons.empty() ? "" : escaped(c.reasons.front());
    if (c.outcome == Outcome::failed) {
        xml += fmt::format(R"(      <failure message="{}" type="selftest">)", first);
        for (const std::string& reason : c.reasons) xml += escaped(reason + "\n");
        xml += "</failure>\n";
    } else if (c.outcome == Outcome::skipped) {
        xml += fmt::format("      <skipped message=\"{}\"/>\n", first);
    }
    if (!c.finding.empty())
        xml += fmt::format("      <system-out>{}</system-out>\n", escaped(c.finding));
    return xml + "    </testcase>\n";
}

}  // namespace

std::string junit_xml(const JunitFacts& facts, const std::vector<SelftestCase>& cases) {
    std::vector<std::string> suites;
    for (const SelftestCase& c : cases)
        if (std::find(suites.begin(), suites.end(), c.suite) == suites.end())
            suites.push_back(c.suite);
    std::string xml = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
    xml += fmt::format("<testsuites name=\"{}\" {}>\n", escaped(facts.name), counts(cases, ""));
    for (const std::string& suite : suites) {
        xml += fmt::format("  <testsuite name=\"{}\" {}>\n", escaped(suite), counts(cases, suite));
        xml += "    <properties>\n";
        for (const auto& [name, value] : facts.properties)
            xml += fmt::format("      <property name=\"{}\" value=\"{}\"/>\n", escaped(name),
                               escaped(value));
        xml += "    </properties>\n";
        for (const SelftestCase& c : cases)
            if (c.suite == suite) xml += one(c);
        xml += "  </testsuite>\n";
    }
    return xml + "</testsuites>\n";
}

}  // namespace opal::cli
