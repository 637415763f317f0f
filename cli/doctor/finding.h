// Finding: one thing `opal doctor` has looked at, what it found, and what can be done about it.
//
// Rule: looking changes nothing. What would change something is a Fix, which is data until a person
// has agreed to it (fix.h).
#pragma once

#include <string>
#include <vector>

namespace opal::cli::doctor {

enum class Weight {
    fine,     // as it should be
    hint,     // works, and could be better
    problem,  // in the way
};

struct Fix {
    struct File {
        std::string path;  // below the root, without a leading slash: "etc/udev/rules.d/x.rules"
        std::string content;
    };
    std::vector<File> files;
    std::vector<std::vector<std::string>> commands;  // afterwards
    bool empty() const { return files.empty() && commands.empty(); }
};

struct Finding {
    std::string check;  // for machines: "usb-permission"
    Weight weight = Weight::fine;
    std::string subject;  // "usb:1-2 TI DLPC900"; "this machine"
    std::string what;
    std::string remedy{};  // what a person can do; empty: nothing has to be done
    Fix fix{};             // what --fix would do; empty: it cannot help
};
using Findings = std::vector<Finding>;

}  // namespace opal::cli::doctor
