// `opal fetch`: public data sets, checked, in the place where the other commands look for them.
#pragma once

namespace CLI {
class App;
}

namespace opal::cli {

struct Session;

void add_fetch_command(CLI::App& program, Session& session);

}  // namespace opal::cli
