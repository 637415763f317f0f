// Version: the project's number and the commit, from the build. See version.h.
#include "cli/version.h"

namespace opal::cli {

extern const char* const built_commit;  // cmake/WriteCommit.cmake

std::string program_version() {
    return std::string("opal " OPAL_VERSION " (") + built_commit + ")";
}

}  // namespace opal::cli
