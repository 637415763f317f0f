// Bench files: what is read from one, that it is written as it was read, and what every mistake is
// called.
#include "cli/bench_file.h"

#include "cli/exit_code.h"

#include <doctest/doctest.h>

#include <string>

using namespace opal;
using namespace std::chrono_literals;

namespace {

const std::string good = R"(# a comment
name: "blue table"
medium: "zinc oxide 3"
dmd:
  uri: lightcrafter://10.0.0.2:4000
camera:
  uri: gige://SIM-1
  values: Gain=6, BlackLevel = 64
laser:
  uri: dlcpro://10.0.0.3
  limit_mw: 12.5
  threshold_ma: 40
  slope_mw_per_ma: 0.5
  wavelength_nm: 532
  warm_up_s: 1.5
trigger:
  camera_line: Line1
  polarity: negative
  pulse_us: 200
)";

std::string without(std::string text, const std::string& part, const std::string& instead = "") {
    const std::size_t at = text.find(part);
    REQUIRE(at != std::string::npos);
    return text.replace(at, part.size(), instead);
}

bool refused(const std::string& text, const std::string& words) {
    std::string said = "taken";
    try {
        cli::parse_bench_file(text, "b.yaml");
    } catch (const cli::BadInput& error) {
        said = error.what();
    }
    INFO(said);
    CHECK(said.find('\n') == std::string::npos);
    CHECK(said.starts_with("b.yaml"));
    return said.find(words) != std::string::npos;
}

}  // namespace

TEST_CASE("a bench file says which devices, how wired, and what is allowed") {
    const drivers::WireBenchPlan plan = cli::parse_bench_file(good, "b.yaml").plan;
    CHECK(plan.name == "blue table");
    CHECK(plan.medium == "zinc oxide 3");
    CHECK((plan.dmd == drivers::DeviceUri{drivers::DeviceKind::lightcrafter, "10.0.0.2", 4000}));
    CHECK((plan.camera == drivers::DeviceUri{drivers::DeviceKind::gige, "SIM-1", 0}));
    CHECK((plan.laser == drivers::DeviceUri{drivers::DeviceKind::dlcpro, "10.0.0.3", 1998}));
    CHECK(plan.laser_facts.limit_mw == 12.5);
    CHECK(plan.laser_facts.threshold_ma == 40);
    CHECK(plan.laser_facts.slope_mw_per_ma == 0.5);
    CHECK(plan.laser_facts.wavelength_nm == 532.0);
    CHECK(plan.laser_facts.warm_up == hal::Duration(1500ms));
    CHECK(plan.trigger.camera_line == "Line1");
    CHECK(plan.trigger.negative);
    CHECK(plan.trigger.pulse == hal::Duration(200us));
    CHECK((plan.camera_values == drivers::CameraValues{{"Gain", "6"}, {"BlackLevel", "64"}}));
    CHECK(cli::parse_bench_file(without(good, "name: \"blue table\"\n"), "x/b.yaml").plan.name ==
          "b");
}

TEST_CASE("what is written reads back to the same") {
    auto file = cli::parse_bench_file(good, "b.yaml");
    file.plan.medium = "quote \" and \\ and : #";
    const std::string text = cli::bench_file_text(file.plan);
    const auto again = cli::parse_bench_file(text, "other.yaml");
    CHECK(again.plan.medium == file.plan.medium);
    CHECK(again.plan.name == "blue table");
    CHECK(cli::bench_file_text(again.plan) == text);
    CHECK((again.plan.camera_values == file.plan.camera_values));
    CHECK(again.plan.trigger.negative);
    CHECK(again.plan.trigger.pulse == hal::Duration(200us));

    // A scheme that ends in a colon, and a laser with other keys.
    auto usb = file.plan;
    usb.dmd = drivers::parse_device_uri("dlpc900:");
    usb.trigger = {};
    usb.laser = drivers::parse_device_uri("cobolt:/dev/ttyACM0");
    usb.laser_facts.label_power_mw = 100;
    usb.laser_facts.cobolt_family = protocol::CoboltFamily::gen_05;
    const auto read = cli::parse_bench_file(cli::bench_file_text(usb), "b.yaml").plan;
    CHECK((read.dmd == usb.dmd));
    CHECK((read.laser == usb.laser));
    CHECK(read.laser_facts.label_power_mw == 100);
    CHECK(read.laser_facts.cobolt_family == protocol::CoboltFamily::gen_05);
}

TEST_CASE("a DLPC900's trigger lines and how it is left") {
    const std::string usb =
        "medium: paint\ndmd:\n  uri: \"dlpc900:LCR3\"\n  standby_at_end: yes\ncamera:\n"
        "  uri: \"u3v:SIM-1\"\nlaser:\n  uri: obis:/dev/ttyACM0\n  limit_mw: 5\ntrigger:\n"
        "  camera_line: Line2\n  polarity: negative\n  pulse_us: 100\n  delay_us: -15\n"
        "  input: falling\n  input_delay_us: 250\n  gate: low\n";
    const auto plan = cli::parse_bench_file(usb, "b.yaml").plan;
    CHECK(plan.dmd_facts.standby_at_end);
    const drivers::Dlpc900Options options = drivers::dlpc900_options(plan.trigger);
    CHECK(options.output.number == 2);
    CHECK(options.output.inverted);
    CHECK(options.output.delay == -15us);
    CHECK(options.output.pulse == 100us);
    REQUIRE(options.input);
    CHECK(options.input->falling);
    CHECK(options.input->delay == 250us);
    CHECK(options.gate_inverted);
    const std::string text = cli::bench_file_text(plan);
    const auto again = cli::parse_bench_file(text, "b.yaml").plan;
    CHECK(cli::bench_file_text(again) == text);
    CHECK(again.dmd_facts.standby_at_end);
    CHECK(again.trigger.delay == hal::Duration(-15us));
    CHECK(drivers::dlpc900_options(again.trigger).input->delay == 250us);

    CHECK(cli::parse_bench_file(without(usb, "  pulse_us: 100", "  output: 1"), "b.yaml")
              .plan.trigger.output == 1);
    CHECK(refused(without(usb, "pulse_us: 100", "output: 3"), "allowed: 1 or 2"));
    CHECK(refused(without(usb, "100", "19"), "dlpc900: 20 to 20000"));
    CHECK(refused(without(usb, "-15", "-21"), "-20 to 20000"));
    CHECK(refused(without(usb, "-15", "0.5"), "a whole number"));
    CHECK(refused(without(usb, "falling", "both"), "rising or falling"));
    CHECK(refused(without(usb, "250", "103"), "104 to 65535"));
    CHECK(refused(without(usb, "gate: low", "gate: open"), "high or low"));
    CHECK(refused(without(usb, "yes", "maybe"), "yes or no"));
    CHECK(
        refused(without(usb, "\"dlpc900:LCR3\"\n  standby_at_end: yes", "lightcrafter://10.0.0.2"),
                "only for dlpc900"));
}

TEST_CASE("three times the same simulated device is a simulated bench") {
    const std::string text =
        "name: mine\ndmd:\n  uri: sim:lab\ncamera:\n  uri: sim:lab\nlaser:\n  uri: sim:lab\n";
    const auto file = cli::parse_bench_file(text, "b.yaml");
    CHECK(file.scene == "lab");
    CHECK(file.plan.name == "mine");
    CHECK(refused(without(text, "sim:lab", "sim:ideal"), "all three the same"));
    CHECK(refused(text + "  limit_mw: 3\n", "laser.limit_mw: a simulated bench has this"));
}

TEST_CASE("every mistake is one line with its place and what would be right") {
    CHECK(refused("", "one YAML document"));
    CHECK(refused("[1, 2]", "b.yaml:1:1: a bench is a list of keys"));
    CHECK(refused("a: b: c", "b.yaml:1:5: not YAML"));
    CHECK(refused(good + "---\nx: 1\n", "one YAML document"));
    CHECK(refused(std::string("name: \x01", 7), "0x01"));
    CHECK(refused(good + "nmae: x\n", "nmae: unknown key; did you mean name?"));
    CHECK(refused(without(good, "limit_mw", "limit_w"),
                  "b.yaml:11:3: laser.limit_w: unknown key; did you mean limit_mw?"));
    CHECK(refused(good + "name: x\n", "name: duplicate key"));
    CHECK(refused(good + "laser:\n  limit_mw: 1\n", "duplicate"));
    CHECK(refused(without(good, "  limit_mw: 12.5\n"), "laser.limit_mw: is missing"));
    CHECK(refused(without(good, "medium: \"zinc oxide 3\"\n"), "medium: is missing"));
    CHECK(refused(without(good, "12.5", "0"), "'0' is not possible; allowed: a number above 0"));
    CHECK(refused(without(good, "12.5", "-1"), "'-1' is not possible"));
    CHECK(refused(without(good, "12.5", "12.5 mW"), "'12.5 mW' is not possible"));
    CHECK(refused(without(good, "12.5", "nan"), "'nan' is not possible"));
    CHECK(refused(without(good, "12.5", "[1]"), "laser.limit_mw: wrong type"));
    CHECK(refused(without(good, "12.5", ""), "laser.limit_mw: no value"));
    CHECK(refused(without(good, "Gain=6", "Gain 6"), "camera.values: 'Gain 6, BlackLevel = 64'"));
    CHECK(refused(without(good, "Gain=6", "=6"), "camera.values"));
    CHECK(refused(without(good, "negative", "down"), "trigger.polarity: 'down' is not possible"));
    CHECK(refused(without(good, "200", "0.5"), "trigger.pulse_us: '0.5' is not possible"));
    CHECK(refused(good + "  output: 1\n",
                  "trigger.output: only for dlpc900; this one is lightcrafter:"));
    CHECK(refused(without(good, "gige://SIM-1", "dlcpro://10.0.0.3"), "camera.uri"));
    CHECK(refused(without(good, "gige://SIM-1", "gige:/SIM-1"), "gige://ADDRESS"));
    CHECK(refused(without(good, "dlcpro://10.0.0.3", "obis:/dev/ttyACM0"),
                  "laser.wavelength_nm: only for dlcpro, cobolt; this one is obis:/dev/ttyACM0"));
    CHECK(refused(without(good, "dlcpro://10.0.0.3", "cobolt:/dev/ttyACM0"),
                  "laser.label_power_mw: is missing"));
    CHECK(refused(
        without(good, "trigger:\n  camera_line: Line1\n  polarity: negative\n  pulse_us: 200",
                "trigger: Line1"),
        "trigger: wrong type; allowed: a section"));
}
