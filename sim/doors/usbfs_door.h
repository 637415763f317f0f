// UsbfsDoor: a UsbIpDevice as a file that behaves like a node below /dev/bus/usb: libusb, whoever
// wraps it, submits and reaps its transfers there as it does at the kernel's usbfs. Without USB in
// the kernel, without sockets, in the test's own process if it likes: for a fast inner loop and for
// sanitizers.
//
//   libusb --ioctl--> usbfs node (FuseFile) --Submit, Unlink--> UsbIpDevice --> instrument
//
// It copies what real usbfs does [Linux, drivers/usb/core/devio.c]: a transfer without a claim
// claims by itself, ENOENT for endpoints that are not there, discarded transfers are reaped, after
// an unplug what is under way can still be reaped; 16 MiB may be under way. One thing it does not
// have: mmap.
#pragma once

#include "sim/doors/fuse_file.h"
#include "sim/doors/usbip_device.h"

#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

namespace opal::sim {

class UsbfsDoor {
public:
    // `device`: not imported by anybody, and outlives the door. `file`: as of FuseFile; throws what
    // it throws.
    UsbfsDoor(UsbIpDevice& device, const std::string& file);
    ~UsbfsDoor();
    UsbfsDoor(const UsbfsDoor&) = delete;
    UsbfsDoor& operator=(const UsbfsDoor&) = delete;

private:
    struct Urb {
        std::uint64_t place = 0;   // of the caller's struct usbdevfs_urb
        std::uint64_t buffer = 0;  // of the caller's data, behind the setup of a control transfer
        std::uint32_t room = 0;
        bool in = false;
        std::int32_t status = 0;
        std::uint32_t length = 0;
        std::vector<std::byte> data{};
    };

    void enumerate();
    FuseIoctlResult act(const FuseIoctl& call);
    int submit(const FuseIoctl& call);
    int discard(std::uint64_t place);
    int reap(const FuseIoctl& call);
    int claim(std::uint32_t interface, int missing);
    int control(const FuseIoctl& call);
    // One control transfer, answered before it returns; status below 0: an errno.
    std::int32_t control(const hal::UsbSetup& setup, std::uint16_t length,
                         std::span<const std::byte> out, std::vector<std::byte>& in);
    void take(UsbIpDevice::Reply reply);
    void look_after();
    void lose_device();
    std::uint32_t ready();
    void close();

    UsbIpDevice& device_;
    std::vector<std::byte> descriptors_;  // as usbfs nodes are read: device, then configuration
    std::map<std::uint8_t, int> endpoints_;
    std::set<int> interfaces_;
    std::set<int> claimed_;
    std::uint32_t sequence_ = 0;
    std::mutex mutex_;  // of what follows
    bool gone_ = false;
    std::map<std::uint32_t, Urb> under_way_;  // by sequence
    std::deque<Urb> finished_;
    std::size_t lent_bytes_ = 0;                // by those under way or not reaped
    std::optional<UsbIpDevice::Reply> answer_;  // of the control transfer somebody waits for
    std::uint32_t awaited_ = 0;                 // its sequence; 0: none
    FuseFile* file_to_wake_ = nullptr;
    std::unique_ptr<FuseFile> file_;
};

}  // namespace opal::sim
