// FieldStretch: see field_stretch.h.
#include "calibration/field_stretch.h"

#include <algorithm>
#include <cassert>
#include <vector>

namespace opal::calibration {

namespace {

using Field = FieldStretch::Field;

// `count` columns of every row, from or to an array of rows of `wide`.
void copy_columns(std::span<const Field> from, std::size_t from_wide, std::size_t from_first,
                  std::span<Field> to, std::size_t to_wide, std::size_t to_first,
                  std::size_t count) {
    for (std::size_t row = 0; row < from.size() / from_wide; ++row)
        std::copy_n(from.data() + row * from_wide + from_first, count,
                    to.data() + row * to_wide + to_first);
}

}  // namespace

FieldStretches::FieldStretches(FieldStore& store, std::span<const Field> strips,
                               std::span<Field> entries)
    : store_(store), strips_(strips), entries_(entries) {
    assert(strips.size() % store.modes() == 0 && entries.size() % store.modes() == 0);
}

void FieldStretches::visit(std::size_t begin, std::size_t end,
                           const std::function<void(const FieldStretch&)>& visitor) {
    const std::size_t modes = store_.modes();
    if (!store_.on_disk()) {
        visitor({begin, end - begin, modes, begin, store_.in_memory(), strips_, entries_});
        return;
    }
    std::vector<Field> fields;
    std::vector<Field> strips;
    std::vector<Field> entries;
    for (std::size_t first = begin; first < end; first += modes_at_once) {
        const std::size_t count = std::min(modes_at_once, end - first);
        {
            const std::lock_guard lock(reading_);
            store_.read(first, count, fields);
        }
        strips.resize(strips_.size() / modes * count);
        entries.resize(entries_.size() / modes * count);
        copy_columns(strips_, modes, first, strips, count, 0, count);
        copy_columns(entries_, modes, first, entries, count, 0, count);
        visitor({first, count, count, 0, fields, strips, entries});
        copy_columns(entries, count, 0, entries_, modes, first, count);
    }
}

}  // namespace opal::calibration
