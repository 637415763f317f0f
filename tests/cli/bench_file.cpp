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
    CHECK(refused(without(good, "lightcrafter://10.0.0.2:4000", "\"dlpc900:\""),
                  "trigger.polarity: only for lightcrafter; this one is dlpc900:"));
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
