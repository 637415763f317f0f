// The program `opal_tidy TOP`: checks a checkout against the rules, one line per violation.
//
// Exit code 0: tidy, 1: violations, 2: the tree or its tables could not be read.
#include "tests/tidy/rules.h"

#include <exception>
#include <iostream>
#include <stdexcept>

namespace {

const opal::tests::SourceFile& table(const opal::tests::SourceTree& tree, const char* path) {
    const opal::tests::SourceFile* file = tree.find(path);
    if (file == nullptr) throw std::runtime_error(std::string(path) + " is missing");
    return *file;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2) {
        std::cerr << "usage: opal_tidy TOP\n";
        return 2;
    }
    try {
        const auto tree = opal::tests::SourceTree::read(argv[1]);
        const opal::tests::RuleBook book{
            opal::tests::Layers(table(tree, "tests/tidy/layers.txt").text),
            opal::tests::parse_permissions(table(tree, "tests/tidy/permissions.txt").text)};
        const auto violations = opal::tests::check_tree(tree, book);
        for (const auto& violation : violations) std::cout << violation.text() << '\n';
        std::cout << violations.size() << " violations in " << tree.files().size() << " files\n";
        return violations.empty() ? 0 : 1;
    } catch (const std::exception& error) {
        std::cerr << "opal_tidy: " << error.what() << '\n';
        return 2;
    }
}
