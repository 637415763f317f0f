// DoctorReport: text and JSON.
#include "cli/doctor/report.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>

namespace opal::cli::doctor {

namespace {

const char* name_of(Weight weight) {
    switch (weight) {
        case Weight::fine:
            return "fine";
        case Weight::hint:
            return "hint";
        case Weight::problem:
            return "problem";
    }
    return "";
}

Ink ink_of(Weight weight) {
    switch (weight) {
        case Weight::fine:
            return Ink::good;
        case Weight::hint:
            return Ink::warn;
        case Weight::problem:
            return Ink::bad;
    }
    return Ink::plain;
}

std::ptrdiff_t count_of(const Findings& findings, Weight weight) {
    return std::count_if(findings.begin(), findings.end(),
                         [&](const Finding& f) { return f.weight == weight; });
}

}  // namespace

bool any_problem(const Findings& findings) {
    return count_of(findings, Weight::problem) > 0;
}

std::string text_of(const Findings& findings, const Terminal& terminal, bool everything) {
    std::string text;
    for (const Weight weight : {Weight::problem, Weight::hint, Weight::fine}) {
        if (weight == Weight::fine && !everything) continue;
        for (const Finding& finding : findings) {
            if (finding.weight != weight) continue;
            text += fmt::format("{}  {}: {}\n",
                                terminal.out(ink_of(weight), fmt::format("{:7}", name_of(weight))),
                                terminal.out(Ink::strong, finding.subject), finding.what);
            if (!finding.remedy.empty()) text += fmt::format("         {}\n", finding.remedy);
        }
    }
    text += fmt::format("{} problems, {} hints, {} fine\n", count_of(findings, Weight::problem),
                        count_of(findings, Weight::hint), count_of(findings, Weight::fine));
    return text;
}

std::string json_of(const Findings& findings) {
    nlohmann::ordered_json list = nlohmann::ordered_json::array();
    for (const Finding& finding : findings)
        list.push_back({{"check", finding.check},
                        {"weight", name_of(finding.weight)},
                        {"subject", finding.subject},
                        {"what", finding.what},
                        {"remedy", finding.remedy},
                        {"fixable", !finding.fix.empty()}});
    const nlohmann::ordered_json all{{"problems", count_of(findings, Weight::problem)},
                                     {"findings", list}};
    // Names of devices come from outside and may be no UTF-8.
    return all.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace opal::cli::doctor
