// DlcPro: see dlcpro.h.
#include "protocol/dlcpro.h"

#include "protocol/text_lines.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>

namespace opal::protocol {

namespace {

struct Verb {
    DlcVerb verb;
    std::string_view word;
    bool named;
    std::size_t fewest, most;  // arguments
};
constexpr std::array<Verb, 6> verbs{{
    {DlcVerb::param_ref, "param-ref", true, 0, 0},
    {DlcVerb::param_set, "param-set!", true, 1, 1},
    {DlcVerb::exec, "exec", true, 0, 16},
    {DlcVerb::add, "add", true, 0, 1},
    {DlcVerb::remove, "remove", true, 0, 0},
    {DlcVerb::remove_all, "remove-all", false, 0, 0},
}};

bool is_blank(char c) {
    return c == ' ' || c == '\t';
}

// Tokens of one bracket: words without blanks, or texts in quotes with their quotes.
std::optional<std::vector<std::string_view>> tokens_of(std::string_view line) {
    line = trimmed(line);
    if (line.size() < 2 || line.front() != '(' || line.back() != ')') return std::nullopt;
    line = line.substr(1, line.size() - 2);
    std::vector<std::string_view> tokens;
    for (std::size_t at = 0; at < line.size();) {
        if (is_blank(line[at])) {
            ++at;
            continue;
        }
        std::size_t end = at;
        if (line[at] == '"') {
            for (++end; end < line.size() && line[end] != '"'; ++end)
                if (line[end] == '\\') ++end;
            if (end >= line.size()) return std::nullopt;
            ++end;
        } else {
            while (end < line.size() && !is_blank(line[end])) ++end;
        }
        tokens.push_back(line.substr(at, end - at));
        at = end;
    }
    return tokens;
}

// 'name, made of letters, digits and - _ : . !
std::optional<std::string> name_of(std::string_view token) {
    if (token.size() < 2 || token.front() != '\'') return std::nullopt;
    token.remove_prefix(1);
    const auto allowed = [](unsigned char c) {
        return std::isalnum(c) != 0 ||
               std::string_view("-_:.!").find(static_cast<char>(c)) != std::string_view::npos;
    };
    if (!std::all_of(token.begin(), token.end(), allowed)) return std::nullopt;
    return std::string(token);
}

template <class... Forms>
struct Overload : Forms... {
    using Forms::operator()...;
};
template <class... Forms>
Overload(Forms...) -> Overload<Forms...>;

std::string error_text(const DlcError& error) {
    std::string text = "Error: " + std::to_string(error.code);
    if (!error.text.empty()) text += ' ' + error.text;
    return text;
}

std::string format_reply(const DlcReply& reply) {
    if (const auto* const error = std::get_if<DlcError>(&reply)) return error_text(*error);
    return format_dlc_value(std::get<DlcValue>(reply));
}

}  // namespace

std::string format_dlc_value(const DlcValue& value) {
    return std::visit(Overload{
                          [](std::monostate) { return std::string("()"); },
                          [](bool b) { return std::string(b ? "#t" : "#f"); },
                          [](std::int64_t n) { return std::to_string(n); },
                          [](double x) { return format_number(x, 6); },
                          [](const std::string& text) {
                              std::string quoted = "\"";
                              for (const char c : text) {
                                  if (c == '"' || c == '\\') quoted += '\\';
                                  quoted += c;
                              }
                              return quoted + '"';
                          },
                      },
                      value);
}

std::optional<DlcValue> parse_dlc_value(std::string_view text) {
    text = trimmed(text);
    if (text == "()") return DlcValue();
    if (text == "#t" || text == "#f") return DlcValue(text == "#t");
    if (text.size() >= 2 && text.front() == '"' && text.back() == '"') {
        std::string plain;
        for (std::size_t i = 1; i + 1 < text.size(); ++i) {
            if (text[i] == '"') return std::nullopt;
            if (text[i] == '\\' && ++i + 1 == text.size()) return std::nullopt;
            plain += text[i];
        }
        return DlcValue(std::move(plain));
    }
    std::int64_t whole = 0;
    const char* const end = text.data() + text.size();
    const auto parsed = std::from_chars(text.data(), end, whole);
    if (parsed.ec == std::errc{} && parsed.ptr == end) return DlcValue(whole);
    if (const auto real = parse_number(text)) return DlcValue(*real);
    return std::nullopt;
}

std::string encode(const DlcCommand& command) {
    const auto& verb = *std::find_if(verbs.begin(), verbs.end(),
                                     [&](const Verb& v) { return v.verb == command.verb; });
    std::string line = "(" + std::string(verb.word);
    if (verb.named) line += " '" + command.name;
    for (const DlcValue& argument : command.arguments) line += ' ' + format_dlc_value(argument);
    return line + ")\n";
}

std::optional<DlcCommand> parse_dlc_command(std::string_view line) {
    const auto tokens = tokens_of(line);
    if (!tokens || tokens->empty()) return std::nullopt;
    const auto verb = std::find_if(verbs.begin(), verbs.end(),
                                   [&](const Verb& v) { return v.word == tokens->front(); });
    if (verb == verbs.end()) return std::nullopt;
    DlcCommand command;
    command.verb = verb->verb;
    std::size_t next = 1;
    if (verb->named) {
        const auto name = next < tokens->size() ? name_of((*tokens)[next++]) : std::nullopt;
        if (!name) return std::nullopt;
        command.name = *name;
    }
    for (; next < tokens->size(); ++next) {
        const auto value = parse_dlc_value((*tokens)[next]);
        if (!value) return std::nullopt;
        command.arguments.push_back(*value);
    }
    const std::size_t count = command.arguments.size();
    if (count < verb->fewest || count > verb->most) return std::nullopt;
    return command;
}

std::string encode(const DlcReply& reply) {
    return format_reply(reply) + "\n> ";
}

std::optional<DlcReply> parse_dlc_reply(std::string_view line) {
    line = trimmed(line);
    constexpr std::string_view word = "error";
    const bool is_error =
        line.size() > word.size() &&
        std::equal(word.begin(), word.end(), line.begin(), [](char a, char b) {
            return a == static_cast<char>(std::tolower(static_cast<unsigned char>(b)));
        });
    if (!is_error) {
        const auto value = parse_dlc_value(line);
        return value ? std::optional(DlcReply(*value)) : std::nullopt;
    }
    // "Error: -3 text" and "ERROR -3: text".
    line.remove_prefix(word.size());
    while (!line.empty() && (is_blank(line.front()) || line.front() == ':')) line.remove_prefix(1);
    DlcError error;
    const auto parsed = std::from_chars(line.data(), line.data() + line.size(), error.code);
    if (parsed.ec != std::errc{}) return std::nullopt;
    line.remove_prefix(static_cast<std::size_t>(parsed.ptr - line.data()));
    while (!line.empty() && (is_blank(line.front()) || line.front() == ':')) line.remove_prefix(1);
    error.text = std::string(line);
    return DlcReply(std::move(error));
}

std::string encode(const DlcEvent& event) {
    if (const auto* const error = std::get_if<DlcError>(&event.reply)) {
        std::string line =
            "(Error: " + std::to_string(error->code) + " (" + event.time + " '" + event.name + ")";
        if (!error->text.empty()) line += ' ' + error->text;
        return line + ")\n";
    }
    return "(" + event.time + " '" + event.name + ' ' + format_reply(event.reply) + ")\n";
}

std::optional<DlcEvent> parse_dlc_event(std::string_view line) {
    line = trimmed(line);
    if (line.size() < 2 || line.front() != '(' || line.back() != ')') return std::nullopt;
    constexpr std::string_view failed = "(Error: ";
    if (line.substr(0, failed.size()) == failed) {
        std::string_view rest = line.substr(failed.size(), line.size() - failed.size() - 1);
        DlcError error;
        const auto parsed = std::from_chars(rest.data(), rest.data() + rest.size(), error.code);
        if (parsed.ec != std::errc{}) return std::nullopt;
        rest.remove_prefix(static_cast<std::size_t>(parsed.ptr - rest.data()));
        const std::size_t close = rest.find(')');
        if (close == std::string_view::npos) return std::nullopt;
        const auto about = tokens_of(rest.substr(0, close + 1));
        const auto name = about && about->size() == 2 ? name_of((*about)[1]) : std::nullopt;
        if (!name) return std::nullopt;
        error.text = std::string(trimmed(rest.substr(close + 1)));
        return DlcEvent{std::string((*about)[0]), *name, std::move(error)};
    }
    const auto tokens = tokens_of(line);
    if (!tokens || tokens->size() != 3) return std::nullopt;
    const auto name = name_of((*tokens)[1]);
    const auto value = parse_dlc_value((*tokens)[2]);
    if (!name || !value) return std::nullopt;
    return DlcEvent{std::string((*tokens)[0]), *name, *value};
}

void DlcPromptReader::add(std::span<const std::byte> bytes) {
    for (const std::byte b : bytes) {
        const char c = static_cast<char>(b);
        if (c == '\r') continue;  // some firmware ends lines with CR LF
        text_ += c;
        const bool prompt = text_ == "> " || std::string_view(text_).ends_with("\n> ");
        if (prompt) {
            text_.resize(text_.size() - std::min<std::size_t>(text_.size(), 3));
            answers_.push_back(std::move(text_));
            text_.clear();
        } else if (text_.size() > longest_) {
            text_.clear();
            overflowed_ = true;
        }
    }
}

std::optional<std::string> DlcPromptReader::next() {
    if (answers_.empty()) return std::nullopt;
    std::string answer = std::move(answers_.front());
    answers_.pop_front();
    return answer;
}

void DlcPromptReader::clear() {
    text_.clear();
    answers_.clear();
    overflowed_ = false;
}

}  // namespace opal::protocol
