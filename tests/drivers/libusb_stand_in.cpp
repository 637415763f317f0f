// LibusbStandIn: the functions of libusb that the driver calls, on a bus of one device. See
// libusb_stand_in.h. Not a model of libusb: just enough to open the device and then fail.
#include "tests/drivers/libusb_stand_in.h"

#include <cstdlib>
#include <cstring>

namespace opal::tests {

LibusbStandIn& libusb_stand_in() {
    static LibusbStandIn bus;
    return bus;
}

}  // namespace opal::tests

namespace {

using opal::tests::libusb_stand_in;

// Addresses that are somebody's, never looked into.
char context_place;
char device_place;
char handle_place;
libusb_device* devices[] = {reinterpret_cast<libusb_device*>(&device_place), nullptr};

libusb_endpoint_descriptor endpoint_of() {
    libusb_endpoint_descriptor endpoint{};
    endpoint.bEndpointAddress = 0x81;
    endpoint.bmAttributes = LIBUSB_ENDPOINT_TRANSFER_TYPE_BULK;
    return endpoint;
}

}  // namespace

extern "C" {

int LIBUSB_CALL libusb_init(libusb_context** context) {
    *context = reinterpret_cast<libusb_context*>(&context_place);
    return 0;
}
void LIBUSB_CALL libusb_exit(libusb_context*) {}
ssize_t LIBUSB_CALL libusb_get_device_list(libusb_context*, libusb_device*** list) {
    *list = devices;
    return 1;
}
void LIBUSB_CALL libusb_free_device_list(libusb_device**, int) {}
int LIBUSB_CALL libusb_get_device_descriptor(libusb_device*, libusb_device_descriptor* d) {
    *d = {};
    d->idVendor = 0xFFFE;
    d->idProduct = 1;
    return 0;
}
int LIBUSB_CALL libusb_get_port_numbers(libusb_device*, uint8_t* ports, int) {
    ports[0] = 2;
    return 1;
}
uint8_t LIBUSB_CALL libusb_get_bus_number(libusb_device*) {
    return 1;
}
int LIBUSB_CALL libusb_open(libusb_device*, libusb_device_handle** handle) {
    *handle = reinterpret_cast<libusb_device_handle*>(&handle_place);
    return 0;
}
void LIBUSB_CALL libusb_close(libusb_device_handle*) {
    libusb_stand_in().closed = true;
}
libusb_device* LIBUSB_CALL libusb_get_device(libusb_device_handle*) {
    return devices[0];
}
int LIBUSB_CALL libusb_get_string_descriptor_ascii(libusb_device_handle*, uint8_t, unsigned char*,
                                                   int) {
    return 0;
}
int LIBUSB_CALL libusb_set_auto_detach_kernel_driver(libusb_device_handle*, int) {
    return 0;
}
int LIBUSB_CALL libusb_control_transfer(libusb_device_handle*, uint8_t, uint8_t, uint16_t, uint16_t,
                                        unsigned char*, uint16_t, unsigned int) {
    return 0;
}
int LIBUSB_CALL libusb_get_active_config_descriptor(libusb_device*,
                                                    libusb_config_descriptor** config) {
    static const libusb_endpoint_descriptor endpoint = endpoint_of();
    static libusb_interface_descriptor setting{};
    setting.bNumEndpoints = 1;
    setting.endpoint = &endpoint;
    static const libusb_interface interface { &setting, 1 };
    static libusb_config_descriptor whole{};
    whole.bNumInterfaces = 1;
    whole.interface = &interface;
    *config = &whole;
    return 0;
}
void LIBUSB_CALL libusb_free_config_descriptor(libusb_config_descriptor*) {}
int LIBUSB_CALL libusb_claim_interface(libusb_device_handle*, int) {
    return 0;
}
int LIBUSB_CALL libusb_release_interface(libusb_device_handle*, int) {
    return 0;
}
libusb_transfer* LIBUSB_CALL libusb_alloc_transfer(int) {
    // Remembered for good, as libusb does with reads that never end: nothing is lost.
    static auto& all = *new std::vector<libusb_transfer*>;
    all.push_back(new libusb_transfer{});
    return all.back();
}
void LIBUSB_CALL libusb_free_transfer(libusb_transfer* transfer) {
    libusb_stand_in().freed.push_back(transfer);
    delete transfer;
}
int LIBUSB_CALL libusb_submit_transfer(libusb_transfer* transfer) {
    libusb_stand_in().submitted.push_back(transfer);
    return 0;
}
int LIBUSB_CALL libusb_cancel_transfer(libusb_transfer*) {
    return 0;
}
int LIBUSB_CALL libusb_handle_events_timeout_completed(libusb_context*, timeval*, int*) {
    auto& bus = libusb_stand_in();
    ++bus.events_asked;
    if (bus.reads_end) {
        for (libusb_transfer* const transfer : bus.submitted) {
            transfer->status = LIBUSB_TRANSFER_CANCELLED;
            transfer->actual_length = 0;
            transfer->callback(transfer);
        }
        bus.submitted.clear();
    }
    return bus.handle_events_returns;
}

}  // extern "C"
