// Laser protocols: lines typed from the documents, both directions, cut at every length.
#include "protocol/cobolt.h"
#include "protocol/dlcpro.h"
#include "protocol/obis.h"
#include "protocol/text_lines.h"

#include <doctest/doctest.h>

#include <initializer_list>
#include <string>

using namespace opal::protocol;

namespace {

std::string text_of(std::initializer_list<int> bytes) {
    std::string text;
    for (const int b : bytes) text += static_cast<char>(b);
    return text;
}

std::string first_line(const std::string& bytes) {
    LineSplitter lines;
    lines.add(bytes_of(bytes));
    return lines.next().value_or("no line");
}

}  // namespace

TEST_CASE("lines end with CR, LF or both, wherever the bytes were cut") {
    const std::string bytes = "a\r\nbc\n\rde\r\n\r\nrest";
    for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
        LineSplitter lines;
        lines.add(bytes_of(bytes.substr(0, cut)));
        lines.add(bytes_of(bytes.substr(cut)));
        CHECK(lines.next() == "a");
        CHECK(lines.next() == "bc");
        CHECK(lines.next() == "");
        CHECK(lines.next() == "de");
        CHECK(lines.next() == "");
        CHECK(lines.next() == std::nullopt);
        CHECK(lines.unfinished() == "rest");
    }
    LineSplitter small(4);
    small.add(bytes_of("12345\r\nok\r\n"));
    CHECK(small.overflowed());
    CHECK(small.next() == "ok");
    small.clear();
    CHECK_FALSE(small.overflowed());
}

TEST_CASE("numbers are numbers and nothing else") {
    CHECK(parse_number("0.0250") == 0.025);
    CHECK(parse_number("-3") == -3);
    CHECK(parse_number("+1e-3") == 0.001);
    for (const char* const text : {"", " 1", "1 ", "1,5", "nan", "inf", "0x10", "1.2.3", "--1"}) {
        CAPTURE(text);
        CHECK(parse_number(text) == std::nullopt);
    }
    CHECK(format_number(0.025, 4) == "0.0250");
    CHECK(format_number(-1.5, 0) == "-2");
}

TEST_CASE("Cobolt: the manual's examples") {
    CHECK(encode(CoboltCommand{"p?", ""}) == text_of({0x70, 0x3F, 0x0D}));
    CHECK(encode(CoboltCommand{"p", "0.0250"}) ==
          text_of({0x70, 0x20, 0x30, 0x2E, 0x30, 0x32, 0x35, 0x30, 0x0D}));
    CHECK(encode(CoboltCommand{"ilk?", ""}) == text_of({0x69, 0x6C, 0x6B, 0x3F, 0x0D}));
    CHECK(encode(CoboltCommand{"l0", ""}) == text_of({0x6C, 0x30, 0x0D}));
    CHECK(encode(CoboltReply{CoboltAnswer::ok, {}}) == text_of({0x4F, 0x4B, 0x0D, 0x0A}));
    CHECK(encode(CoboltReply{CoboltAnswer::value, "0.0500"}) ==
          text_of({0x30, 0x2E, 0x30, 0x35, 0x30, 0x30, 0x0D, 0x0A}));

    CHECK(parse_cobolt_command("p 0.0250") == CoboltCommand{"p", "0.0250"});
    CHECK(parse_cobolt_command("ilk?") == CoboltCommand{"ilk?", ""});
    CHECK(parse_cobolt_command("") == std::nullopt);
    CHECK(parse_cobolt_command("p \x01") == std::nullopt);
    CHECK(parse_cobolt_reply("OK") == CoboltReply{CoboltAnswer::ok, {}});
    CHECK(parse_cobolt_reply("0.0500") == CoboltReply{CoboltAnswer::value, "0.0500"});
    CHECK(parse_cobolt_reply("") == CoboltReply{});
    const std::string refusal =
        first_line(text_of({0x53, 0x79, 0x6E, 0x74, 0x61, 0x78, 0x20, 0x65, 0x72, 0x72, 0x6F, 0x72,
                            0x3A, 0x20, 0x78, 0x79, 0x7A, 0x0D, 0x0A}));
    CHECK(parse_cobolt_reply(refusal) == CoboltReply{CoboltAnswer::refused, "Syntax error: xyz"});
    CHECK(parse_cobolt_reply("Illegal value").answer == CoboltAnswer::refused);
}

TEST_CASE("Cobolt: operating states of the three families") {
    using enum CoboltState;
    constexpr CoboltState mld[] = {off, waiting, on, on, on, fault, aborted};
    constexpr CoboltState dpl[] = {off, waiting, waiting, warming_up, on, fault, aborted, on};
    constexpr CoboltState gen[] = {off,   heating, waiting, warming_up, on,
                                   fault, aborted, waiting, standby};
    for (int code = 0; code < 7; ++code)
        CHECK(cobolt_state(CoboltFamily::mld_06, code) == mld[code]);
    for (int code = 0; code < 8; ++code) CHECK(cobolt_state(CoboltFamily::dpl, code) == dpl[code]);
    for (int code = 0; code < 9; ++code)
        CHECK(cobolt_state(CoboltFamily::gen_05, code) == gen[code]);
    for (const auto& [family, past] :
         {std::pair(CoboltFamily::mld_06, 7), {CoboltFamily::dpl, 8}, {CoboltFamily::gen_05, 9}}) {
        CHECK(cobolt_state(family, past) == std::nullopt);
        CHECK(cobolt_state(family, -1) == std::nullopt);
        CHECK(cobolt_state_text(family, past).empty());
    }
    CHECK(cobolt_fault_text(3) == "the interlock is open");
    CHECK(cobolt_fault_text(2).empty());
}

TEST_CASE("OBIS: the manual's examples") {
    CHECK(encode(ObisCommand{"SOUR:POW:LEV", true, ""}) ==
          text_of({0x53, 0x4F, 0x55, 0x52, 0x3A, 0x50, 0x4F, 0x57, 0x3A, 0x4C, 0x45, 0x56, 0x3F,
                   0x0D, 0x0A}));
    CHECK(encode(ObisCommand{"SOUR:AM:STAT", false, "ON"}) ==
          text_of({0x53, 0x4F, 0x55, 0x52, 0x3A, 0x41, 0x4D, 0x3A, 0x53, 0x54, 0x41, 0x54, 0x20,
                   0x4F, 0x4E, 0x0D, 0x0A}));
    CHECK(encode(ObisLine{ObisAnswer::value, "0.01998", 0}) +
              encode(ObisLine{ObisAnswer::ok, {}, 0}) ==
          text_of({0x30, 0x2E, 0x30, 0x31, 0x39, 0x39, 0x38, 0x0D, 0x0A, 0x4F, 0x4B, 0x0D, 0x0A}));
    CHECK(encode(ObisLine{ObisAnswer::error, {}, -100}) ==
          text_of({0x45, 0x52, 0x52, 0x2D, 0x31, 0x30, 0x30, 0x0D, 0x0A}));

    CHECK(parse_obis_command("SOUR:POW:LEV?") == ObisCommand{"SOUR:POW:LEV", true, ""});
    CHECK(parse_obis_command("sour:am:stat ON") == ObisCommand{"SOUR:AM:STAT", false, "ON"});
    CHECK(parse_obis_command("  ") == std::nullopt);
    CHECK(parse_obis_line("ERR-100") == ObisLine{ObisAnswer::error, {}, -100});
    CHECK(parse_obis_line("ERR510") == ObisLine{ObisAnswer::error, {}, 510});
    CHECK(parse_obis_line("OK") == ObisLine{ObisAnswer::ok, {}, 0});
    CHECK(parse_obis_line("25.0C") == ObisLine{ObisAnswer::value, "25.0C", 0});
    CHECK(parse_obis_line("ERRATIC") == ObisLine{ObisAnswer::value, "ERRATIC", 0});
    CHECK(obis_error_text(-220) == "invalid parameter");

    CHECK(means("SOUR:POW:LEV:IMM:AMPL", "SOURce:POWer:LEVel:IMMediate:AMPLitude"));
    CHECK(means("SOURCE:POWER:LEV", "SOURce:POWer:LEVel"));
    CHECK_FALSE(means("SOUR:POW", "SOURce:POWer:LEVel"));
    CHECK_FALSE(means("SOUR:POW:LEV:IMM", "SOURce:POWer:LEVel"));
    CHECK_FALSE(means("SOURC:POW:LEV", "SOURce:POWer:LEVel"));  // neither short nor long
}

TEST_CASE("OBIS: status words seen on real lasers") {
    using namespace obis_status;
    const auto has = [](const char* word, std::uint32_t bit) {
        const auto parsed = parse_obis_word(word);
        REQUIRE(parsed.has_value());
        return (*parsed & bit) != 0;
    };
    CHECK(has("C8001002", emission));
    CHECK(has("C8001002", twelve_volts));
    CHECK_FALSE(has("C8001002", warm_up));
    CHECK(has("C8001402", external_mode));
    CHECK(has("C8001100", warm_up));
    CHECK(has("CE000008", key_off));
    CHECK(has("CE000008", interlock_open));
    CHECK(has("CC000008", interlock_open));
    CHECK_FALSE(has("CC000008", key_off));
    CHECK(has("C8001001", fault));
    CHECK(format_obis_word(0xC8001002) == "C8001002");
    for (const char* const text : {"", "C800100", "C80010022", "C800100G", "0xC80010"})
        CHECK(parse_obis_word(text) == std::nullopt);
    CHECK(obis_fault_text(0) == "");
    CHECK(obis_fault_text(1u << 1 | 1u << 17) == "diode temperature, watchdog");
    CHECK(obis_fault_text(1u << 31) == "fault bit 31");
}

TEST_CASE("DLC pro: the reference's examples") {
    const DlcCommand ask{DlcVerb::param_ref, "laser1:dl:cc:enabled", {}};
    CHECK(encode(ask) == "(param-ref 'laser1:dl:cc:enabled)\n");
    CHECK(parse_dlc_command("(param-ref 'laser1:dl:cc:enabled)") == ask);
    const std::string set_line = text_of(
        {0x28, 0x70, 0x61, 0x72, 0x61, 0x6D, 0x2D, 0x73, 0x65, 0x74, 0x21, 0x20, 0x27, 0x6C, 0x61,
         0x73, 0x65, 0x72, 0x31, 0x3A, 0x64, 0x6C, 0x3A, 0x63, 0x63, 0x3A, 0x63, 0x75, 0x72, 0x72,
         0x65, 0x6E, 0x74, 0x2D, 0x73, 0x65, 0x74, 0x20, 0x38, 0x35, 0x2E, 0x35, 0x29, 0x0A});
    const DlcCommand set{DlcVerb::param_set, "laser1:dl:cc:current-set", {DlcValue(85.5)}};
    CHECK(parse_dlc_command(first_line(set_line)) == set);
    CHECK(encode(set) == "(param-set! 'laser1:dl:cc:current-set 85.500000)\n");
    CHECK(encode(DlcReply(DlcValue(true))) == text_of({0x23, 0x74, 0x0A, 0x3E, 0x20}));
    CHECK(encode(DlcReply(DlcValue(std::int64_t{0}))) == text_of({0x30, 0x0A, 0x3E, 0x20}));
    CHECK(encode(DlcCommand{DlcVerb::remove_all, "", {}}) == "(remove-all)\n");
    CHECK(parse_dlc_command("(add 'emission 100)") ==
          DlcCommand{DlcVerb::add, "emission", {DlcValue(std::int64_t{100})}});
    for (const char* const line :
         {"", "()", "(param-ref)", "(param-ref laser1)", "(param-ref 'a 1)", "(param-set! 'a)",
          "(param-set! 'a 1 2)", "param-ref 'a", "(param-ref 'a", "(unknown 'a)",
          "(param-set! 'a \"open)", "(param-set! 'a \"b\\\")", "(param-ref 'a;b)"}) {
        CAPTURE(line);
        CHECK(parse_dlc_command(line) == std::nullopt);
    }
}

TEST_CASE("DLC pro: values keep their types") {
    CHECK(parse_dlc_value("#f") == DlcValue(false));
    CHECK(parse_dlc_value("()") == DlcValue());
    CHECK(parse_dlc_value("2") == DlcValue(std::int64_t{2}));
    CHECK(parse_dlc_value("85.5") == DlcValue(85.5));
    CHECK(parse_dlc_value("\"a \\\"b\\\\\"") == DlcValue(std::string("a \"b\\")));
    CHECK(format_dlc_value(std::string("a \"b\\")) == "\"a \\\"b\\\\\"");
    CHECK(format_dlc_value(85.0) == "85.000000");
    for (const char* const text : {"", "#x", "\"", "\"a\"b\"", "\"a\\\"", "1x", "nan"})
        CHECK(parse_dlc_value(text) == std::nullopt);

    CHECK(parse_dlc_reply("Error: -3 no such parameter") ==
          DlcReply(DlcError{-3, "no such parameter"}));
    CHECK(parse_dlc_reply("ERROR -11: not settable") == DlcReply(DlcError{-11, "not settable"}));
    CHECK(parse_dlc_reply("Error: what") == std::nullopt);
    CHECK(parse_dlc_reply("hello") == std::nullopt);
}

TEST_CASE("DLC pro: answers end at the prompt, wherever the bytes were cut") {
    const std::string bytes = "Welcome\r\nDeCoF Command Line\r\n> #t\n> Error: -3 x\n> ";
    for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
        CAPTURE(cut);
        DlcPromptReader reader;
        reader.add(bytes_of(bytes.substr(0, cut)));
        reader.add(bytes_of(bytes.substr(cut)));
        CHECK(reader.next() == "Welcome\nDeCoF Command Line");
        CHECK(reader.next() == "#t");
        CHECK(reader.next() == "Error: -3 x");
        CHECK(reader.next() == std::nullopt);
    }
    DlcPromptReader bare;
    bare.add(bytes_of("> "));
    CHECK(bare.next() == "");
    DlcPromptReader small(8);
    small.add(bytes_of("123456789"));
    CHECK(small.overflowed());
}

TEST_CASE("DLC pro: the monitoring line") {
    const DlcEvent event{"2024-01-01T12:00:00.000Z", "interlock-open", DlcValue(true)};
    CHECK(encode(event) == "(2024-01-01T12:00:00.000Z 'interlock-open #t)\n");
    CHECK(parse_dlc_event("(2024-01-01T12:00:00.000Z 'interlock-open #t)") == event);
    const DlcEvent error{"2024-01-01T12:00:00.000Z", "nope", DlcError{-3, "no such parameter"}};
    CHECK(encode(error) == "(Error: -3 (2024-01-01T12:00:00.000Z 'nope) no such parameter)\n");
    CHECK(parse_dlc_event("(Error: -3 (2024-01-01T12:00:00.000Z 'nope) no such parameter)") ==
          error);
    const std::string line = "(2024-01-01T12:00:00.000Z 'interlock-open #t)";
    for (std::size_t length = 0; length < line.size(); ++length)
        CHECK(parse_dlc_event(line.substr(0, length)) == std::nullopt);
}
