// RunLayout: see run_layout.h.
#include "replay/run_layout.h"

namespace opal::replay {

namespace {

class Compound {
public:
    explicit Compound(std::size_t size) : type_(H5Tcreate(H5T_COMPOUND, size), H5Tclose) {}
    Compound& member(const char* name, std::size_t offset, hid_t type) {
        H5Tinsert(type_.get(), name, offset, type);
        return *this;
    }
    Hdf5Handle take() { return std::move(type_); }

private:
    Hdf5Handle type_;
};

#define OPAL_MEMBER(Row, name, type) member(#name, offsetof(Row, name), type)

Hdf5Handle event_type() {
    return Compound(sizeof(EventRow))
        .OPAL_MEMBER(EventRow, what, H5T_NATIVE_UINT8)
        .OPAL_MEMBER(EventRow, fault, H5T_NATIVE_UINT8)
        .OPAL_MEMBER(EventRow, opening, H5T_NATIVE_UINT16)
        .OPAL_MEMBER(EventRow, count, H5T_NATIVE_UINT32)
        .OPAL_MEMBER(EventRow, begin_ns, H5T_NATIVE_INT64)
        .OPAL_MEMBER(EventRow, end_ns, H5T_NATIVE_INT64)
        .OPAL_MEMBER(EventRow, a, H5T_NATIVE_INT64)
        .OPAL_MEMBER(EventRow, b, H5T_NATIVE_INT64)
        .OPAL_MEMBER(EventRow, x, H5T_NATIVE_DOUBLE)
        .OPAL_MEMBER(EventRow, y, H5T_NATIVE_DOUBLE)
        .OPAL_MEMBER(EventRow, first, H5T_NATIVE_UINT64)
        .OPAL_MEMBER(EventRow, text_first, H5T_NATIVE_UINT64)
        .OPAL_MEMBER(EventRow, text_bytes, H5T_NATIVE_UINT64)
        .take();
}

Hdf5Handle frame_type() {
    return Compound(sizeof(FrameRow))
        .OPAL_MEMBER(FrameRow, first_byte, H5T_NATIVE_UINT64)
        .OPAL_MEMBER(FrameRow, row, H5T_NATIVE_INT32)
        .OPAL_MEMBER(FrameRow, column, H5T_NATIVE_INT32)
        .OPAL_MEMBER(FrameRow, rows, H5T_NATIVE_INT32)
        .OPAL_MEMBER(FrameRow, columns, H5T_NATIVE_INT32)
        .OPAL_MEMBER(FrameRow, bits, H5T_NATIVE_INT32)
        .OPAL_MEMBER(FrameRow, status, H5T_NATIVE_INT32)
        .OPAL_MEMBER(FrameRow, frame_id, H5T_NATIVE_UINT64)
        .OPAL_MEMBER(FrameRow, device_time_ns, H5T_NATIVE_INT64)
        .take();
}

Hdf5Handle pattern_type() {
    return Compound(sizeof(PatternRow))
        .OPAL_MEMBER(PatternRow, first_run, H5T_NATIVE_UINT64)
        .OPAL_MEMBER(PatternRow, runs, H5T_NATIVE_UINT64)
        .take();
}

Hdf5Handle sequence_type() {
    return Compound(sizeof(SequenceRow))
        .OPAL_MEMBER(SequenceRow, exposure_ns, H5T_NATIVE_INT64)
        .OPAL_MEMBER(SequenceRow, dark_ns, H5T_NATIVE_INT64)
        .OPAL_MEMBER(SequenceRow, slot, H5T_NATIVE_UINT32)
        .OPAL_MEMBER(SequenceRow, start_on, H5T_NATIVE_UINT8)
        .OPAL_MEMBER(SequenceRow, trigger_out, H5T_NATIVE_UINT8)
        .take();
}

Hdf5Handle settings_type() {
    return Compound(sizeof(SettingsRow))
        .OPAL_MEMBER(SettingsRow, row, H5T_NATIVE_INT32)
        .OPAL_MEMBER(SettingsRow, column, H5T_NATIVE_INT32)
        .OPAL_MEMBER(SettingsRow, rows, H5T_NATIVE_INT32)
        .OPAL_MEMBER(SettingsRow, columns, H5T_NATIVE_INT32)
        .OPAL_MEMBER(SettingsRow, bits, H5T_NATIVE_INT32)
        .OPAL_MEMBER(SettingsRow, trigger, H5T_NATIVE_INT32)
        .OPAL_MEMBER(SettingsRow, exposure_ns, H5T_NATIVE_INT64)
        .OPAL_MEMBER(SettingsRow, delay_ns, H5T_NATIVE_INT64)
        .take();
}

#undef OPAL_MEMBER

}  // namespace

const std::array<TableLayout, table_count>& table_layouts() {
    static const std::array<TableLayout, table_count> layouts{{
        {Table::events, "/events", sizeof(EventRow), 1024},
        {Table::frames, "/frames/index", sizeof(FrameRow), 1024},
        {Table::frame_bytes, "/frames/bytes", 1, std::size_t{1} << 20},
        {Table::patterns, "/patterns/index", sizeof(PatternRow), 1024},
        {Table::runs, "/patterns/runs", sizeof(std::uint32_t), 4096},
        {Table::lines, "/patterns/lines", sizeof(std::uint64_t), 1024},
        {Table::loaded, "/patterns/loaded", sizeof(std::uint64_t), 4096},
        {Table::sequences, "/sequences", sizeof(SequenceRow), 4096},
        {Table::settings, "/settings", sizeof(SettingsRow), 64},
        {Table::texts, "/texts", 1, 4096},
    }};
    return layouts;
}

Hdf5Handle row_type(Table table) {
    const auto copy = [](hid_t type) { return Hdf5Handle(H5Tcopy(type), H5Tclose); };
    switch (table) {
        case Table::events:
            return event_type();
        case Table::frames:
            return frame_type();
        case Table::patterns:
            return pattern_type();
        case Table::sequences:
            return sequence_type();
        case Table::settings:
            return settings_type();
        case Table::runs:
            return copy(H5T_NATIVE_UINT32);
        case Table::lines:
        case Table::loaded:
            return copy(H5T_NATIVE_UINT64);
        case Table::frame_bytes:
        case Table::texts:
            return copy(H5T_NATIVE_UINT8);
    }
    return {};
}

}  // namespace opal::replay
