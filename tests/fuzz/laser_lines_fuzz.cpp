// Fuzz target: what lasers and their hosts send each other (protocol/cobolt.h, obis.h, dlcpro.h).
// No decoder throws; what is taken is encoded and comes back the same.
#include "tests/fuzz/fuzz_target.h"

#include "protocol/cobolt.h"
#include "protocol/dlcpro.h"
#include "protocol/obis.h"
#include "protocol/text_lines.h"

namespace opal::fuzz {

using namespace protocol;

namespace {

std::string first_line(const std::string& bytes) {
    LineSplitter lines;
    lines.add(protocol::bytes_of(bytes));
    return lines.next().value_or("");
}

void feed_line(const std::string& line) {
    if (const auto command = parse_cobolt_command(line))
        require(parse_cobolt_command(first_line(encode(*command))) == command, "cobolt command");
    const CoboltReply cobolt = parse_cobolt_reply(line);
    require(parse_cobolt_reply(first_line(encode(cobolt))) == cobolt, "cobolt reply");
    if (const auto command = parse_obis_command(line)) {
        require(parse_obis_command(first_line(encode(*command))) == command, "obis command");
        means(command->header, "SOURce:POWer:LEVel");
    }
    const ObisLine obis = parse_obis_line(line);
    require(parse_obis_line(first_line(encode(obis))) == obis, "obis line");
    if (const auto word = parse_obis_word(line)) {
        require(parse_obis_word(format_obis_word(*word)) == word, "obis word");
        obis_fault_text(*word);
    }
    if (const auto command = parse_dlc_command(line)) encode(*command);
    if (const auto reply = parse_dlc_reply(line)) encode(*reply);
    if (const auto event = parse_dlc_event(line)) encode(*event);
    if (const auto number = parse_number(line)) format_number(*number, 6);
}

}  // namespace

std::vector<Bytes> seeds() {
    return {
        bytes_of("p 0.0250\rilk?\r@cob1\rl0\r"),
        bytes_of("0.0500\r\nOK\r\nSyntax error: xyz\r\n"),
        bytes_of("SOUR:POW:LEV:IMM:AMPL 0.01998\r\nSYST:STAT?\r\nSOUR:AM:STAT ON\r\n"),
        bytes_of("0.01998\r\nOK\r\nERR-100\r\nC8001002\r\n"),
        bytes_of("(param-set! 'laser1:dl:cc:current-set 85.5)\n(param-ref 'emission)\n"),
        bytes_of("Welcome\nDeCoF Command Line\n> #t\n> \"a \\\"b\\\\\"\n> Error: -3 no\n> "),
        bytes_of("(add 'emission 100)\n(2024-01-01T12:00:00.000Z 'interlock-open #t)\n"
                 "(Error: -3 (2024-01-01T12:00:00.000Z 'nope) text)\n"),
    };
}

std::vector<std::string> words() {
    return {"\r\n", "\r", "> ", "\n> ", "#t", "()",    "\"",    "\\", "'",  "(",
            ")",    "?",  ":",  "ERR",  "OK", "Error", "1e308", "-",  "nan"};
}

void feed(std::span<const std::byte> input) {
    LineSplitter lines(256);
    DlcPromptReader prompts(1024);
    // In two pieces, as a wire may deliver it.
    const std::size_t half = input.size() / 2;
    lines.add(input.first(half));
    lines.add(input.subspan(half));
    prompts.add(input.first(half));
    prompts.add(input.subspan(half));
    while (const auto line = lines.next()) feed_line(*line);
    while (const auto answer = prompts.next()) {  // any number of lines
        LineSplitter split;
        split.add(protocol::bytes_of(*answer));
        while (const auto line = split.next()) feed_line(*line);
        feed_line(std::string(split.unfinished()));
    }
}

}  // namespace opal::fuzz
