// Terminal: asks once what stdout and stderr can show. See terminal.h.
#include "cli/terminal.h"

#include <fmt/format.h>

#include <sys/ioctl.h>
#include <unistd.h>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <system_error>

namespace opal::cli {

namespace {

bool colours_wanted() {
    const char* const no_colour = std::getenv("NO_COLOR");
    if (no_colour != nullptr && *no_colour != '\0') return false;
    const char* const term = std::getenv("TERM");
    return term != nullptr && std::string_view(term) != "dumb";
}

std::string inked(bool colour, Ink ink, std::string_view text) {
    if (!colour || ink == Ink::plain) return std::string(text);
    const char* code = "";
    switch (ink) {
        case Ink::plain:
            break;
        case Ink::strong:
            code = "1";
            break;
        case Ink::dim:
            code = "2";
            break;
        case Ink::good:
            code = "32";
            break;
        case Ink::bad:
            code = "31";
            break;
        case Ink::warn:
            code = "33";
            break;
    }
    return fmt::format("\033[{}m{}\033[0m", code, text);
}

}  // namespace

Terminal::Terminal()
    : out_is_terminal_(::isatty(STDOUT_FILENO) == 1),
      err_is_terminal_(::isatty(STDERR_FILENO) == 1),
      out_colour_(out_is_terminal_ && colours_wanted()),
      err_colour_(err_is_terminal_ && colours_wanted()) {}

int Terminal::width() const {
    winsize size{};
    if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
    return 80;
}

std::string Terminal::out(Ink ink, std::string_view text) const {
    return inked(out_colour_, ink, text);
}

std::string Terminal::err(Ink ink, std::string_view text) const {
    return inked(err_colour_, ink, text);
}

void Terminal::print(std::string_view text) const {
    errno = 0;
    if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() ||
        std::fflush(stdout) != 0) {
        throw std::runtime_error("cannot write to standard output: " +
                                 std::generic_category().message(errno));
    }
}

void Terminal::note(std::string_view line) const {
    const std::string whole = fmt::format("{}\n", line);
    std::fwrite(whole.data(), 1, whole.size(), stderr);
}

}  // namespace opal::cli
