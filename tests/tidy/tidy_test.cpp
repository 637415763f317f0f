// Shows that every tidy rule can fail, and that none cries wolf: each fixture is a small tree that
// breaks one rule at a known line.
#include "tests/cli/scratch_folder.h"
#include "tests/tidy/rules.h"

#include <doctest/doctest.h>
#include <sys/wait.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

using namespace opal::tests;

namespace {

const char* const table =
    "# who may include what\n"
    "hal:\n"
    "sim: hal <fmt>\n"
    "sim/physics: hal/frame.h\n"
    "projection: hal dfa/projector.h\n"
    "dfa: <Eigen>\n"
    "cli: *\n";

SourceFile header(const std::string& path, const std::string& body) {
    const std::string folder = path.substr(0, path.find('/'));
    return make_source_file(path, "// What this header is, in one line.\n#pragma once\n" + body +
                                      "namespace opal::" + folder + " {\n}\n");
}

// Headers that fixtures include, and the files that name every source.
std::vector<SourceFile> surroundings() {
    return {
        header("hal/frame.h", ""),
        header("hal/clock.h", ""),
        header("dfa/projector.h", ""),
        header("dfa/layer.h", ""),
        header("sim/scene.h", ""),
        make_source_file("docs/references.md", "# References\n\n**Launay 2020** **Leith 1962**\n"),
        make_source_file("CMakeLists.txt", "# The build of the fixtures.\na.cpp\n")};
}

// "path:line: rule" of every violation of the surroundings plus one file.
std::vector<std::string> violations_of(SourceFile file, const char* permissions = "") {
    std::vector<SourceFile> files = surroundings();
    files.push_back(std::move(file));
    const RuleBook book{Layers(table), parse_permissions(permissions)};
    std::vector<std::string> found;
    for (const Violation& violation : check_tree(SourceTree(std::move(files)), book)) {
        found.push_back(violation.path + ":" + std::to_string(violation.line) + ": " +
                        violation.rule);
        CHECK_FALSE(violation.message.empty());
    }
    return found;
}

std::vector<std::string> violations_of(const std::string& path, const std::string& text) {
    return violations_of(make_source_file(path, text));
}

using Found = std::vector<std::string>;
const std::string purpose = "// What this source is, in one line.\n";

}  // namespace

TEST_CASE("a tidy tree has no violations") {
    CHECK(violations_of("sim/a.cpp", purpose + "#include \"hal/clock.h\"\n#include <vector>\n") ==
          Found{});
    CHECK(violations_of("docs/page.md", "# Page\n\n[scene](../sim/scene.h) and [sim](../sim)\n") ==
          Found{});
}

TEST_CASE("length: 400 lines pass, 401 do not") {
    std::string text = purpose;
    for (int line = 2; line <= 400; ++line) text += "int x;\n";
    CHECK(violations_of("sim/a.cpp", text) == Found{});
    CHECK(violations_of("sim/a.cpp", text + "int y;\n") == Found{"sim/a.cpp:401: length"});
}

TEST_CASE("width: counted in characters, wider for docs, tables and addresses free") {
    const std::string wide(101, 'x');
    CHECK(violations_of("sim/a.cpp", purpose + wide.substr(1) + "\n") == Found{});
    CHECK(violations_of("sim/a.cpp", purpose + wide + "\n") == Found{"sim/a.cpp:2: width"});
    std::string accented;
    for (int i = 0; i < 100; ++i) accented += "\xC3\xA9";
    CHECK(violations_of("sim/a.cpp", purpose + accented + "\n") == Found{});
    CHECK(violations_of("a.md", "# Title\n" + std::string(120, 'x') + "\n") == Found{});
    CHECK(violations_of("a.md", "# Title\n" + std::string(121, 'x') + "\n") ==
          Found{"a.md:2: width"});
    CHECK(violations_of("a.md", "# Title\n|" + std::string(150, 'x') + "|\n") == Found{});
    CHECK(violations_of("x/CMakeLists.txt", "# What this folder builds.\n# " + wide + "\n") ==
          Found{"x/CMakeLists.txt:2: width"});
}

TEST_CASE("whitespace: tabs, ends of lines, end of file") {
    CHECK(violations_of("sim/a.cpp", purpose + "\tint x;\n") == Found{"sim/a.cpp:2: tab"});
    CHECK(violations_of("sim/a.cpp", purpose + "int x; \n") == Found{"sim/a.cpp:2: space"});
    CHECK(violations_of("sim/a.cpp", purpose + "int x;\r\n") == Found{"sim/a.cpp:2: space"});
    CHECK(violations_of("sim/a.cpp", purpose + "int x;") == Found{"sim/a.cpp:2: newline"});
    CHECK(violations_of("sim/a.cpp", purpose + "int x;\n\n") == Found{"sim/a.cpp:3: newline"});
}

TEST_CASE("unfinished work is not merged") {
    CHECK(violations_of("sim/a.cpp", purpose + "// TO"
                                               "DO: think\n") == Found{"sim/a.cpp:2: unfinished"});
    CHECK(violations_of("a.md",
                        "# Title\nFIX"
                        "ME\n") == Found{"a.md:2: unfinished"});
}

TEST_CASE("name: vague words in any part of a path") {
    CHECK(violations_of("cli/utils/a.cpp", purpose) == Found{"cli/utils/a.cpp:1: name"});
    CHECK(violations_of(header("cli/string_helpers.h", "")) ==
          Found{"cli/string_helpers.h:1: name"});
    CHECK(violations_of(header("cli/miscellany.h", "")) == Found{});
}

TEST_CASE("purpose: the first line says what the file is") {
    CHECK(violations_of("sim/a.cpp", "#include <vector>\n") == Found{"sim/a.cpp:1: purpose"});
    CHECK(violations_of("sim/a.cpp", "// sim\n") == Found{"sim/a.cpp:1: purpose"});
    CHECK(violations_of("x.sh", "#!/bin/sh\nset -e\n") == Found{"x.sh:2: purpose"});
    CHECK(violations_of("x.sh", "#!/bin/sh\n# Does what it is for.\n") == Found{});
    CHECK(violations_of("x.py", "\"\"\"Does what it is for.\"\"\"\n") == Found{});
    CHECK(violations_of("x.py", "import sys\n") == Found{"x.py:1: purpose"});
    CHECK(violations_of("x.yaml", "dmd: {}\n") == Found{"x.yaml:1: purpose"});
    CHECK(violations_of("a.md", "text\n") == Found{"a.md:1: purpose"});
}

TEST_CASE("once: headers are included once and say so once") {
    CHECK(violations_of("hal/x.h", purpose + "namespace opal::hal {\n}\n") ==
          Found{"hal/x.h:1: once"});
    CHECK(violations_of("sim/x.h", purpose + "#if defined(X_H) == defined(HWY_TARGET_TOGGLE)\n" +
                                       "namespace opal::sim::HWY_NAMESPACE {\n}\n#endif\n") ==
          Found{});
}

TEST_CASE("layer: folders, single headers, sub-folders, and folders nobody listed") {
    const auto include = [](const char* what) { return purpose + "#include \"" + what + "\"\n"; };
    CHECK(violations_of("sim/a.cpp", include("dfa/layer.h")) == Found{"sim/a.cpp:2: layer"});
    CHECK(violations_of("hal/a.cpp", include("sim/scene.h")) == Found{"hal/a.cpp:2: layer"});
    CHECK(violations_of("projection/a.cpp", include("dfa/projector.h")) == Found{});
    CHECK(violations_of("projection/a.cpp", include("dfa/layer.h")) ==
          Found{"projection/a.cpp:2: layer"});
    CHECK(violations_of("sim/physics/a.cpp", include("hal/frame.h")) == Found{});
    CHECK(violations_of("sim/physics/a.cpp", include("hal/clock.h")) ==
          Found{"sim/physics/a.cpp:2: layer"});
    CHECK(violations_of("sim/physics/a.cpp", include("sim/scene.h")) ==
          Found{"sim/physics/a.cpp:2: layer"});
    CHECK(violations_of("cli/a.cpp", include("dfa/layer.h")) == Found{});
    CHECK(violations_of("novel/a.cpp", purpose) == Found{"novel/a.cpp:1: layer"});
    CHECK(violations_of("sim/a.cpp", purpose + "// #include \"dfa/layer.h\"\n") == Found{});
}

TEST_CASE("include: paths from the top, and <> for libraries") {
    CHECK(violations_of("sim/a.cpp", purpose + "#include \"scene.h\"\n") ==
          Found{"sim/a.cpp:2: include"});
    CHECK(violations_of("sim/a.cpp", purpose + "#include \"../hal/clock.h\"\n") ==
          Found{"sim/a.cpp:2: include"});
}

TEST_CASE("library: only those of the folder's line") {
    CHECK(violations_of("dfa/a.cpp", purpose + "#include <Eigen/Core>\n#include <cmath>\n") ==
          Found{});
    CHECK(violations_of("dfa/a.cpp", purpose + "#include <fmt/format.h>\n") ==
          Found{"dfa/a.cpp:2: library"});
    CHECK(violations_of("hal/a.cpp", purpose + "#include <unistd.h>\n") ==
          Found{"hal/a.cpp:2: library"});
}

TEST_CASE("namespace: one per folder") {
    CHECK(violations_of("sim/a.cpp", purpose + "namespace opal::hal {\n}\n") ==
          Found{"sim/a.cpp:2: namespace"});
    CHECK(violations_of("sim/a.cpp", purpose + "namespace opal::sim::tables {\n}\n") == Found{});
    CHECK(violations_of("sim/a.cpp", purpose + "namespace opal::simple {\n}\n") ==
          Found{"sim/a.cpp:2: namespace"});
    CHECK(violations_of("hal/x.h", purpose + "#pragma once\nint x;\n") ==
          Found{"hal/x.h:1: namespace"});
    CHECK(violations_of(header("hal/x.h", "using namespace std;\n")) == Found{"hal/x.h:3: using"});
}

TEST_CASE("purity: libraries keep quiet and still, programs may not have to") {
    for (const char* line :
         {"std::cout << 1;", "printf(\"x\");", "fmt::print(\"x\");", "std::exit(1);",
          "std::abort();", "std::this_thread::sleep_for(d);", "sleep_until(t);",
          "auto t = std::chrono::steady_clock::now();", "std::chrono::system_clock::now();",
          "std::time(nullptr);", "std::random_device seed;", "rand();",
          "std::normal_distribution<double> d;", "std::shuffle(a, b, g);", "std::getenv(\"X\");",
          "std::default_random_engine e;"}) {
        INFO(line);
        CHECK(violations_of("sim/a.cpp", purpose + line + "\n") == Found{"sim/a.cpp:2: purity"});
        CHECK(violations_of("cli/a.cpp", purpose + line + "\n") == Found{});
        CHECK(violations_of("sim/a.cpp", purpose + "// " + line + "\n") == Found{});
    }
    const auto clock = make_source_file("sim/a.cpp", purpose + "sleep_until(t);\n");
    CHECK(violations_of(clock, "sim/a.cpp: sleep_until\n") == Found{});
    CHECK(violations_of(clock, "sim/a.cpp: sleep_for\n") == Found{"sim/a.cpp:2: purity"});
    CHECK_THROWS_WITH(parse_permissions("\nsim/a.cpp: nap\n"),
                      "line 2: \"nap\" is no word of the purity rule");
    CHECK_THROWS_WITH(parse_permissions("sim/a.cpp\n"), "line 1: want \"file: words it may use\"");
}

TEST_CASE("purity looks at code: not into literals, raw literals, comments, digit separators") {
    CHECK(violations_of("sim/a.cpp", purpose + "auto s = \"a\\\" rand() \";\n") == Found{});
    CHECK(violations_of("sim/a.cpp", purpose + "auto s = R\"x(\n\" rand()\n)\" )x\";\n") ==
          Found{});
    CHECK(violations_of("sim/a.cpp", purpose + "/* rand()\n rand() */ rand();\n") ==
          Found{"sim/a.cpp:3: purity"});
    CHECK(violations_of("sim/a.cpp", purpose + "int n = 1'000; rand(); int m = 2'000;\n") ==
          Found{"sim/a.cpp:2: purity"});
    CHECK(violations_of("sim/a.cpp", purpose + "char c = '\"'; rand();\n") ==
          Found{"sim/a.cpp:2: purity"});
}

TEST_CASE("orphan: every source is built by somebody") {
    CHECK(violations_of("sim/forgotten.cpp", purpose) == Found{"sim/forgotten.cpp:1: orphan"});
    // The surroundings build a.cpp; that does not build the end of its name.
    CHECK(violations_of("sim/a.cpp", purpose) == Found{});
    CHECK(violations_of("sim/pp.cpp", purpose) == Found{"sim/pp.cpp:1: orphan"});
}

TEST_CASE("link: documents point at files that are there") {
    CHECK(violations_of("docs/a.md", "# Title\nsee [x](sim/scene.h)\n") ==
          Found{"docs/a.md:2: link"});
    CHECK(violations_of("docs/a.md", "# Title\nsee [x](../sim/scene.h#top), [y](https://x.y)\n") ==
          Found{});
}

TEST_CASE("citation: every work has its entry") {
    const auto cite = [](const std::string& works) {
        return purpose + "// as shown in [" + works + "]\n";
    };
    CHECK(violations_of("sim/a.cpp", cite("Launay 2020, section 2; Leith & Upatnieks 1962")) ==
          Found{});
    CHECK(violations_of("sim/a.cpp", cite("RFC 1951, section 3.2")) == Found{});
    CHECK(violations_of("sim/a.cpp", cite("Launay 2021")) == Found{"sim/a.cpp:2: citation"});
    CHECK(violations_of("sim/a.cpp", cite("Launay 2020; Nobody et al. 1999, eq. 3")) ==
          Found{"sim/a.cpp:2: citation"});
    CHECK(violations_of("docs/a.md", "# Title\n[Nobody 1999]\n") == Found{"docs/a.md:2: citation"});
    CHECK(violations_of("sim/a.cpp", purpose + "auto x = table[Index{2000}];\n") == Found{});
}

TEST_CASE("layers: malformed tables are refused with the line") {
    CHECK_THROWS_WITH(Layers("hal:\nhal: sim\n"), "line 2: hal is there already");
    CHECK_THROWS_WITH(Layers("\nhal\n"),
                      "line 2: want \"folder: what it may include\", got \"hal\"");
}

TEST_CASE("the program: reads a real folder, skips build folders, says it by exit code") {
    namespace fs = std::filesystem;
    const ScratchFolder folder;
    const fs::path& top = folder.path();
    fs::create_directories(top / "tests" / "tidy");
    fs::create_directories(top / "build" / "x");
    fs::create_directories(top / "hal");
    const auto write = [&](const char* path, const std::string& text) {
        std::ofstream(top / path) << text;
    };
    const auto run = [&] {
        const std::string command =
            std::string(OPAL_TIDY) + " " + top.string() + " > " + (top / "build/out").string();
        const int status = std::system(command.c_str());
        return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    };
    CHECK(run() == 2);  // no tables
    write("tests/tidy/layers.txt", "# Who may include what.\nhal:\n");
    write("tests/tidy/permissions.txt", "# Which file may do what.\n");
    write("build/x/generated.cpp", "\t\n");
    CHECK(run() == 0);
    write("hal/loud.cpp", "no purpose\n");
    CHECK(run() == 1);
    std::ifstream out(top / "build" / "out");
    std::string first;
    std::getline(out, first);
    CHECK(first.starts_with("hal/loud.cpp:1: purpose: "));
}
