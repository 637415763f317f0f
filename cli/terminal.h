// Terminal: what can be shown where. Results go to stdout, everything about the run to stderr.
//
// Colours only on a terminal, and never when NO_COLOR is set (no-color.org) or TERM is dumb.
#pragma once

#include <string>
#include <string_view>

namespace opal::cli {

enum class Ink { plain, strong, dim, good, bad, warn };

class Terminal {
public:
    Terminal();  // looks at stdout, stderr and the environment

    bool out_is_terminal() const { return out_is_terminal_; }
    bool err_is_terminal() const { return err_is_terminal_; }
    int width() const;  // columns of stderr's terminal; 80 if unknown

    std::string out(Ink ink, std::string_view text) const;  // text for stdout
    std::string err(Ink ink, std::string_view text) const;  // text for stderr

    void print(std::string_view text) const;  // to stdout; throws std::runtime_error if it cannot
    void note(std::string_view line) const;   // one line to stderr

private:
    bool out_is_terminal_;
    bool err_is_terminal_;
    bool out_colour_;
    bool err_colour_;
};

}  // namespace opal::cli
