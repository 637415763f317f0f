// Study: what the options ask for. See study.h.
#include "cli/reproduce/study.h"

#include <algorithm>

namespace opal::cli::reproduce {

namespace {

bool wants(const std::vector<std::string>& asked, const std::string& what) {
    return asked.empty() || std::find(asked.begin(), asked.end(), what) != asked.end();
}

}  // namespace

bool StudyOptions::wants_task(const std::string& task) const {
    return wants(tasks, task);
}

bool StudyOptions::wants_column(const std::string& column) const {
    return wants(columns, column);
}

}  // namespace opal::cli::reproduce
