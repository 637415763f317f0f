// NodeMap: every kind of feature, access, limits and selectors on a small camera in memory.
#include "tests/drivers/genapi_camera.h"

using namespace opal;
using namespace opal::tests::genapi;
using opal::tests::hex;

TEST_CASE("integers: limits, steps, copies, indexed values") {
    Camera camera(
        reg("IntReg", "WidthReg", 0, big) + reg("IntReg", "MaxReg", 4, big) +
        reg("IntReg", "CopyReg", 8, big) +
        "<Integer Name=\"Width\"><pValue>WidthReg</pValue><pValueCopy>CopyReg</pValueCopy>"
        "<Min>16</Min><pMax>MaxReg</pMax><Inc>4</Inc><Unit>px</Unit></Integer>"
        "<Integer Name=\"Own\"><Value>0x10</Value><Representation>HexNumber</Representation>"
        "</Integer>"
        "<Integer Name=\"Chosen\"><pIndex>Own</pIndex><ValueIndexed Index=\"1\">11</ValueIndexed>"
        "<pValueIndexed Index=\"2\">WidthReg</pValueIndexed><ValueDefault>99</ValueDefault>"
        "</Integer>"
        "<Integer Name=\"Plain\"><pValue>WidthReg</pValue></Integer>");
    camera.put(4, "00 00 10 00");
    camera.map.set_integer("Width", 640);
    CHECK(camera.map.integer("Width") == 640);
    CHECK(camera.get(8, 4) == hex("00 00 02 80"));
    for (const std::int64_t bad : {15, 17, 4097, 5000, -4}) {
        const std::string text =
            fault(hal::ErrorKind::out_of_range, [&] { camera.map.set_integer("Width", bad); });
        CHECK(has(text, "16 to 4096 in steps of 4"));
        CHECK(has(text, "Width"));
    }
    CHECK(camera.map.integer("Width") == 640);
    CHECK(camera.map.integer_limits("Width").inc == 4);
    CHECK(camera.map.integer_limits("Plain").max == 0xFFFFFFFF);
    CHECK(camera.map.value_text("Own") == "0x10");
    CHECK(camera.map.integer("Chosen") == 99);
    camera.map.set_integer("Own", 1);
    CHECK(camera.map.integer("Chosen") == 11);
    camera.map.set_value_text("Own", "0x2");
    CHECK(camera.map.integer("Chosen") == 640);
}

TEST_CASE("floats and converters: limits, rounding to nearest, decreasing slopes") {
    Camera camera(
        reg("IntReg", "Raw", 0, big) +
        reg("IntReg", "Signed", 4, std::string(big) + "<Sign>Signed</Sign>") +
        "<Converter Name=\"Tenth\"><FormulaTo>FROM*10</FormulaTo><FormulaFrom>TO/10</FormulaFrom>"
        "<pValue>Raw</pValue></Converter>"
        "<Float Name=\"Exposure\"><pValue>Tenth</pValue><Min>1</Min><Max>1000</Max>"
        "<Unit>us</Unit></Float>"
        "<Converter Name=\"Down\"><FormulaTo>K-FROM</FormulaTo><FormulaFrom>K-TO</FormulaFrom>"
        "<Constant Name=\"K\">100</Constant><pValue>Signed</pValue><Slope>Decreasing</Slope>"
        "</Converter>"
        "<IntConverter Name=\"Twice\"><FormulaTo>FROM/2</FormulaTo><FormulaFrom>TO*2</FormulaFrom>"
        "<pValue>Raw</pValue></IntConverter>"
        "<Float Name=\"OnInteger\"><pValue>Raw</pValue></Float>"
        "<Float Name=\"Own\"><Value>1.25</Value></Float>");
    camera.map.set_number("Exposure", 7);
    CHECK(camera.map.integer("Raw") == 70);
    CHECK(camera.map.number("Exposure") == 7.0);
    camera.map.set_number("Tenth", 12.37);
    CHECK(camera.map.integer("Raw") == 124);
    CHECK(camera.map.number("Tenth") == 12.4);
    CHECK(has(fault(hal::ErrorKind::out_of_range, [&] { camera.map.set_number("Exposure", 0.5); }),
              "us"));
    fault(hal::ErrorKind::out_of_range, [&] { camera.map.set_number("Exposure", 0.0 / 0.0); });
    CHECK(camera.map.number_limits("Tenth").max == doctest::Approx(429496729.5));
    CHECK(camera.map.number_limits("Down").min == 100.0 - 2147483647.0);
    CHECK(camera.map.number_limits("Down").max == 100.0 + 2147483648.0);
    camera.map.set_number("Down", 30);
    CHECK(camera.map.integer("Signed") == 70);
    camera.map.set_integer("Twice", 9);
    CHECK(camera.map.integer("Raw") == 4);
    CHECK(camera.map.integer("Twice") == 8);
    camera.map.set_number("OnInteger", 2.7);
    CHECK(camera.map.integer("Raw") == 3);
    CHECK(camera.map.number("Own") == 1.25);
    camera.map.set_number("Own", 2);
    CHECK(camera.map.number("Own") == 2);
    // Ten times more than 32 bits hold.
    fault(hal::ErrorKind::out_of_range, [&] { camera.map.set_number("Tenth", 1e9); });
}

TEST_CASE("booleans, enumerations, commands") {
    Camera camera(
        reg("IntReg", "Flag", 0, big) + reg("IntReg", "Mode", 4, big) +
        reg("IntReg", "Go", 8, big) + reg("IntReg", "Have", 12, big) +
        "<Boolean Name=\"Enable\"><pValue>Flag</pValue><OnValue>7</OnValue><OffValue>3</OffValue>"
        "</Boolean>"
        "<Enumeration Name=\"Format\"><EnumEntry Name=\"A\"><Value>0x10</Value></EnumEntry>"
        "<EnumEntry Name=\"B\"><Value>2</Value><pIsAvailable>Have</pIsAvailable></EnumEntry>"
        "<pValue>Mode</pValue></Enumeration>"
        "<Command Name=\"Start\"><pValue>Go</pValue><CommandValue>5</CommandValue></Command>");
    camera.map.set_boolean("Enable", true);
    CHECK(camera.get(0, 4) == hex("00 00 00 07"));
    CHECK(camera.map.boolean("Enable"));
    camera.map.set_boolean("Enable", false);
    CHECK(camera.get(0, 4) == hex("00 00 00 03"));
    CHECK(camera.map.value_text("Enable") == "false");
    camera.map.set_value_text("Enable", "on");
    CHECK(camera.map.integer("Enable") == 1);

    camera.map.set_symbol("Format", "A");
    CHECK(camera.get(4, 4) == hex("00 00 00 10"));
    CHECK(camera.map.symbol("Format") == "A");
    CHECK(camera.map.symbols("Format") == std::vector<std::string>{"A"});
    CHECK(has(fault(hal::ErrorKind::wrong_state, [&] { camera.map.set_symbol("Format", "B"); }),
              "Have"));
    CHECK(has(fault(hal::ErrorKind::out_of_range, [&] { camera.map.set_symbol("Format", "C"); }),
              "possible are A"));
    camera.put(12, "00 00 00 01");
    camera.map.forget();
    camera.map.set_value_text("Format", "B");
    CHECK(camera.map.value_text("Format") == "B");
    camera.map.set_integer("Mode", 9);
    CHECK(has(fault(hal::ErrorKind::corrupt, [&] { camera.map.symbol("Format"); }), "9"));

    camera.map.execute("Start");
    CHECK(camera.get(8, 4) == hex("00 00 00 05"));
    CHECK_FALSE(camera.map.done("Start"));
    camera.put(8, "00 00 00 00");
    CHECK(camera.map.done("Start"));
    fault(hal::ErrorKind::unsupported, [&] { camera.map.execute("Enable"); });
}

TEST_CASE("access: implemented, available, locked, imposed, and the reason") {
    Camera camera(
        reg("IntReg", "Value", 0, big) + reg("IntReg", "Yes", 4, big) +
        reg("IntReg", "Avail", 8, big) + reg("IntReg", "Lock", 12, big) +
        "<IntReg Name=\"ReadOnly\"><Address>0</Address><pPort>Device</pPort></IntReg>"
        "<Integer Name=\"Feature\"><pValue>Value</pValue><pIsImplemented>Yes</pIsImplemented>"
        "<pIsAvailable>Avail</pIsAvailable><pIsLocked>Lock</pIsLocked></Integer>"
        "<Integer Name=\"Imposed\"><pValue>Value</pValue><ImposedAccessMode>RO"
        "</ImposedAccessMode></Integer>"
        "<Integer Name=\"Behind\"><pValue>ReadOnly</pValue></Integer>"
        "<Command Name=\"Once\"><pValue>WriteOnly</pValue></Command>"
        "<IntReg Name=\"WriteOnly\"><Address>16</Address><pPort>Device</pPort>"
        "<AccessMode>WO</AccessMode></IntReg>");
    CHECK(camera.map.access("Feature") == Access::not_implemented);
    CHECK_FALSE(camera.map.has("Feature"));
    fault(hal::ErrorKind::unsupported, [&] { camera.map.integer("Feature"); });
    camera.map.set_integer("Yes", 5);  // anything but 0
    CHECK(camera.map.access("Feature") == Access::not_available);
    CHECK(has(fault(hal::ErrorKind::wrong_state, [&] { camera.map.set_integer("Feature", 1); }),
              "Avail is 0"));
    camera.map.set_integer("Avail", 1);
    CHECK(camera.map.access("Feature") == Access::read_write);
    CHECK(camera.map.restriction("Feature").empty());
    camera.map.set_integer("Lock", 1);
    CHECK(camera.map.access("Feature") == Access::read_only);
    CHECK(has(camera.map.restriction("Feature"), "Lock"));
    const int writes = camera.port.writes;
    fault(hal::ErrorKind::wrong_state, [&] { camera.map.set_integer("Feature", 1); });
    CHECK(camera.port.writes == writes);
    fault(hal::ErrorKind::refused, [&] { camera.map.set_integer("Imposed", 1); });
    fault(hal::ErrorKind::refused, [&] { camera.map.set_integer("Behind", 1); });
    CHECK(camera.map.access("Once") == Access::write_only);
    fault(hal::ErrorKind::refused, [&] { camera.map.integer("WriteOnly"); });
    camera.map.execute("Once");
    CHECK(camera.map.done("Once"));
    CHECK(has(fault(hal::ErrorKind::unsupported, [&] { camera.map.integer("Nothing"); }),
              "'Nothing'"));
}

TEST_CASE("knives: variables, constants, expressions, and what a formula may ask of a node") {
    Camera camera(
        reg("IntReg", "R", 0, big) +
        "<Integer Name=\"I\"><pValue>R</pValue><Min>2</Min><Max>50</Max><Inc>3</Inc></Integer>"
        "<Enumeration Name=\"E\"><EnumEntry Name=\"Two\"><Value>2</Value></EnumEntry>"
        "<pValue>R</pValue></Enumeration>"
        "<IntSwissKnife Name=\"Limits\"><pVariable Name=\"V.Min\">I</pVariable>"
        "<pVariable Name=\"V.Max\">I</pVariable><pVariable Name=\"V.Inc\">I</pVariable>"
        "<pVariable Name=\"X.Entry.Two\">E</pVariable>"
        "<Formula><![CDATA[V.Min + V.Max*100 + V.Inc*10000 + (X.Entry.Two << 20)]]></Formula>"
        "</IntSwissKnife>"
        "<SwissKnife Name=\"Area\"><pVariable Name=\"R\">R</pVariable>"
        "<Constant Name=\"HALF\">0.5</Constant><Expression Name=\"SQ\">R*R</Expression>"
        "<Formula>PI * SQ <!-- of a circle --> * HALF</Formula></SwissKnife>");
    camera.put(0, "00 00 00 02");
    CHECK(camera.map.integer("Limits") == 2 + 5000 + 30000 + (2 << 20));
    CHECK(camera.map.number("Area") == doctest::Approx(6.283185307));
}

TEST_CASE("foreign elements, groups, entries without names: skipped and noted") {
    Camera camera("<Group Comment=\"x\"><Group>" + reg("IntReg", "Deep", 0, big) +
                  "</Group></Group><Extension><IntReg Name=\"Hidden\"/></Extension>"
                  "<Strange/><Integer/>" +
                  reg("IntReg", "Deep", 4, big));
    CHECK(camera.map.has("Deep"));
    CHECK_FALSE(camera.map.has("Hidden"));
    CHECK(camera.description.notes().size() == 3);
    camera.put(0, "00 00 00 01 00 00 00 02");
    CHECK(camera.map.integer("Deep") == 1);
    CHECK(camera.description.model_name() == "M");
    CHECK(camera.description.schema_minor() == 1);
}
