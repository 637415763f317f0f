// Npy: parses and writes the header and the numbers of .npy files. See npy.h.
#include "cli/npy.h"

#include "cli/files.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <optional>
#include <string_view>
#include <vector>

namespace opal::cli {

namespace {

static_assert(std::endian::native == std::endian::little, "elements are copied as they lie");

constexpr std::string_view magic = "\x93NUMPY";
constexpr std::uint64_t most_elements = std::uint64_t{1} << 34;

struct Header {
    std::string type;  // "<f4"
    bool fortran_order = false;
    std::vector<std::uint64_t> shape;
};

// A file's own words in a message of one line: whatever does not print becomes '?'.
std::string printable(std::string words) {
    for (char& c : words)
        if (c < ' ' || c > '~') c = '?';
    return words;
}

// Reads the Python dictionary of the header: just the literals NumPy writes.
class HeaderParser {
public:
    HeaderParser(std::string_view text, const std::string& name) : text_(text), name_(name) {}

    Header parse() {
        Header header;
        bool type = false;
        bool order = false;
        bool shape = false;
        expect('{');
        while (!taken('}')) {
            const std::string key = quoted();
            expect(':');
            if (key == "descr") {
                if (peek() == '[') fail("it holds records, not plain numbers");
                header.type = quoted();
                type = true;
            } else if (key == "fortran_order") {
                header.fortran_order = boolean();
                order = true;
            } else if (key == "shape") {
                header.shape = tuple();
                shape = true;
            } else {
                fail(fmt::format("its header has an unknown key '{}'", printable(key)));
            }
            if (!taken(',') && peek() != '}') fail("its header is not a Python dictionary");
        }
        if (!type || !order || !shape) fail("its header lacks descr, fortran_order or shape");
        if (peek() != '\0') fail("its header goes on after the dictionary");
        return header;
    }

private:
    [[noreturn]] void fail(const std::string& what) const {
        throw NpyError(fmt::format("{}: not a usable .npy file: {}", name_, what));
    }
    void skip_blanks() {
        while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n')) ++at_;
    }
    char peek() {
        skip_blanks();
        return at_ < text_.size() ? text_[at_] : '\0';
    }
    bool taken(char c) {
        if (peek() != c) return false;
        ++at_;
        return true;
    }
    void expect(char c) {
        if (!taken(c)) fail("its header is not a Python dictionary");
    }
    std::string quoted() {
        const char quote = peek();
        if (quote != '\'' && quote != '"') fail("its header is not a Python dictionary");
        const std::size_t end = text_.find(quote, ++at_);
        if (end == std::string_view::npos) fail("its header is cut off");
        const std::string word(text_.substr(at_, end - at_));
        at_ = end + 1;
        return word;
    }
    bool boolean() {
        skip_blanks();
        for (const bool value : {true, false}) {
            const std::string_view word = value ? "True" : "False";
            if (text_.substr(at_, word.size()) != word) continue;
            at_ += word.size();
            return value;
        }
        fail("fortran_order is neither True nor False");
    }
    std::vector<std::uint64_t> tuple() {
        std::vector<std::uint64_t> numbers;
        expect('(');
        while (!taken(')')) {
            skip_blanks();
            std::uint64_t n = 0;
            const char* const end = text_.data() + text_.size();
            const auto [next, error] = std::from_chars(text_.data() + at_, end, n);
            if (error != std::errc{}) fail("its shape is not a tuple of sizes");
            at_ = static_cast<std::size_t>(next - text_.data());
            numbers.push_back(n);
            if (!taken(',') && peek() != ')') fail("its shape is not a tuple of sizes");
        }
        return numbers;
    }

    std::string_view text_;
    const std::string& name_;
    std::size_t at_ = 0;
};

using Load = double (*)(const std::byte*);

template <class T>
double load(const std::byte* at) {
    T value;
    std::memcpy(&value, at, sizeof value);
    return static_cast<double>(value);
}

struct Element {
    std::string_view type;
    std::size_t size;
    Load load;
};

constexpr Element elements[] = {
    {"<f4", 4, load<float>},        {"<f8", 8, load<double>},
    {"|i1", 1, load<std::int8_t>},  {"|u1", 1, load<std::uint8_t>},
    {"<i2", 2, load<std::int16_t>}, {"<u2", 2, load<std::uint16_t>},
    {"<i4", 4, load<std::int32_t>}, {"<u4", 4, load<std::uint32_t>},
    {"<i8", 8, load<std::int64_t>}, {"<u8", 8, load<std::uint64_t>},
    {"|b1", 1, load<std::uint8_t>},
};

const Element* find_element(std::string_view type) {
    const auto* const found = std::find_if(std::begin(elements), std::end(elements),
                                           [&](const Element& e) { return e.type == type; });
    return found == std::end(elements) ? nullptr : found;
}

std::string shape_text(const std::vector<std::uint64_t>& shape) {
    std::string text = "(";
    for (const auto size : shape) text += fmt::format("{}, ", size);
    if (shape.size() > 1) text.resize(text.size() - 2);
    if (shape.size() == 1) text.pop_back();
    return text + ")";
}

}  // namespace

dfa::Matrix decode_npy(std::span<const std::byte> bytes, const std::string& name) {
    const auto fail = [&](const std::string& what) -> NpyError {
        return NpyError(fmt::format("{}: not a usable .npy file: {}", name, what));
    };
    const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    if (text.substr(0, magic.size()) != magic) {
        throw fail("it does not begin with \\x93NUMPY; save it with numpy.save()");
    }
    if (text.size() < 12) throw fail("it is cut off in its header");
    const int version = static_cast<unsigned char>(text[6]);
    if (version < 1 || version > 3 || text[7] != 0) {
        throw fail(fmt::format("version {}.{}; 1.0, 2.0 and 3.0 can be read", version,
                               static_cast<unsigned char>(text[7])));
    }
    std::uint64_t header_size = 0;
    const std::size_t size_bytes = version == 1 ? 2 : 4;
    for (std::size_t i = 0; i < size_bytes; ++i) {
        header_size |= std::uint64_t{static_cast<unsigned char>(text[8 + i])} << 8 * i;
    }
    const std::size_t begin = 8 + size_bytes;
    if (header_size > text.size() - begin) throw fail("it is cut off in its header");
    const Header header = HeaderParser(text.substr(begin, header_size), name).parse();

    const Element* const element = find_element(header.type);
    if (element == nullptr) {
        throw fail(
            fmt::format("its elements are '{}'; floats ('<f4', '<f8') and little-endian "
                        "integers can be read: save it as numpy.float32",
                        printable(header.type)));
    }
    if (header.shape.empty() || header.shape.size() > 2) {
        throw fail(fmt::format("its shape is {}; wanted is (vectors, components)",
                               shape_text(header.shape)));
    }
    const std::uint64_t rows = header.shape.size() == 2 ? header.shape[0] : 1;
    const std::uint64_t columns = header.shape.back();
    if (rows == 0 || columns == 0 || rows > most_elements || columns > most_elements / rows) {
        throw fail(
            fmt::format("its shape is {}; every size must be at least 1 and all together "
                        "at most 2^34 elements",
                        shape_text(header.shape)));
    }
    const auto body = bytes.subspan(begin + header_size);
    if (body.size() != rows * columns * element->size) {
        throw fail(fmt::format(
            "shape {} of '{}' takes {} bytes after the header and {} are there; "
            "it is cut off or has something after its end",
            shape_text(header.shape), header.type, rows * columns * element->size, body.size()));
    }
    dfa::Matrix matrix(static_cast<Eigen::Index>(rows), static_cast<Eigen::Index>(columns));
    for (std::uint64_t r = 0; r < rows; ++r) {
        for (std::uint64_t c = 0; c < columns; ++c) {
            const std::uint64_t at = header.fortran_order ? c * rows + r : r * columns + c;
            const double value = element->load(body.data() + at * element->size);
            if (!(std::abs(value) <= std::numeric_limits<float>::max())) {
                throw fail(
                    fmt::format("element [{}, {}] is {}, not a finite number a float can "
                                "hold",
                                r, c, value));
            }
            matrix(static_cast<Eigen::Index>(r), static_cast<Eigen::Index>(c)) =
                static_cast<float>(value);
        }
    }
    return matrix;
}

dfa::Matrix read_npy(const std::filesystem::path& file) {
    return decode_npy(read_file(file), file.string());
}

std::string encode_npy(const dfa::Matrix& matrix) {
    constexpr std::size_t alignment = 64;  // [NumPy, numpy.lib.format]: data begins on a multiple
    constexpr std::size_t before_header = 10;
    std::string header = fmt::format(
        "{{'descr': '<f4', 'fortran_order': False, 'shape': ({}, {}), "
        "}}",
        matrix.rows(), matrix.cols());
    const std::size_t used = before_header + header.size() + 1;
    header.append((alignment - used % alignment) % alignment, ' ');
    header += '\n';
    std::string bytes(magic);
    bytes += {'\x01', '\x00', static_cast<char>(header.size() & 0xff),
              static_cast<char>(header.size() >> 8)};
    bytes += header;
    bytes.append(reinterpret_cast<const char*>(matrix.data()),
                 static_cast<std::size_t>(matrix.size()) * sizeof(float));
    return bytes;
}

void write_npy(const std::filesystem::path& file, const dfa::Matrix& matrix) {
    write_file(file, encode_npy(matrix));
}

}  // namespace opal::cli
