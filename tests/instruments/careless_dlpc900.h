// CarelessDlpc900: a virtual DLPC900 with a host that knows the commands and not the order they
// have to come in, to show the board's habits.
#pragma once

#include "drivers/dlpc900/dlpc900_link.h"
#include "tests/instruments/dlpc900_bench.h"
#include "tests/instruments/shared_usb.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <vector>

namespace opal::test {

struct CarelessDlpc900 {
    explicit CarelessDlpc900(const sim::Dlpc900Scene& settings = {})
        : inner(sim::make_simulated_bench(Dlpc900Bench::scene(1), {1, nullptr})),
          usb(sim::make_memory_usb(virtual_clock(*inner), sim::Dlpc900Instrument::usb_info())),
          board(*usb.gadget, inner->dmd(), virtual_clock(*inner), settings),
          cable(std::move(usb.host)),
          link(std::make_unique<SharedUsb>(cable), inner->clock()) {}

    void write(protocol::Dlpc900Word word, std::vector<std::byte> data) {
        link.write(word, std::move(data), "test");
    }
    void byte(protocol::Dlpc900Word word, int value) {
        write(word, {static_cast<std::byte>(value)});
    }
    void entry(std::uint16_t index, bool waits) {
        protocol::Dlpc900Entry e;
        e.index = index;
        e.exposure_us = 1000;
        e.wait_for_trigger = waits;
        e.plane = static_cast<std::uint8_t>(index);
        write(protocol::Dlpc900Word::lut_definition, encode(e));
    }
    void configure(std::uint16_t entries, std::uint32_t shown) {
        write(protocol::Dlpc900Word::lut_configuration,
              encode(protocol::Dlpc900Configuration{entries, shown}));
    }
    void upload() {
        protocol::Dlpc900Picture picture{1920, 1080, {}};
        picture.pixels.assign(picture.row_bytes() * 1080, std::byte{0xFF});
        const auto file = encode_smallest(picture);
        write(protocol::Dlpc900Word::begin_image,
              encode(protocol::Dlpc900ImageStart{0, static_cast<std::uint32_t>(file.size())}));
        for (std::size_t at = 0; at < file.size(); at += protocol::dlpc900_most_chunk)
            link.send(protocol::Dlpc900Word::image_data,
                      protocol::encode_dlpc900_chunk(std::span(file).subspan(
                          at, std::min(protocol::dlpc900_most_chunk, file.size() - at))));
    }
    void begin() {  // patterns on the fly, stopped
        byte(protocol::Dlpc900Word::start_stop, 0);
        byte(protocol::Dlpc900Word::display_mode, 3);
        byte(protocol::Dlpc900Word::start_stop, 0);
    }
    unsigned status() {
        return std::to_integer<unsigned>(
            link.read(protocol::Dlpc900Word::main_status, 1, "test").front());
    }
    // The end of the cable, for a driver.
    std::unique_ptr<hal::UsbDevice> hand_over() { return std::make_unique<SharedUsb>(cable); }
    void start() { byte(protocol::Dlpc900Word::start_stop, 2); }
    void wait(hal::Duration span) { inner->clock().wait_for(span); }
    bool mirrors_run() { return inner->dmd().status().running; }

    std::unique_ptr<sim::SimulatedBench> inner;
    sim::MemoryUsb usb;
    sim::Dlpc900Instrument board;
    std::shared_ptr<hal::UsbDevice> cable;
    drivers::Dlpc900Link link;
};

}  // namespace opal::test
