// AsioSerialLine: Asio opens the terminal raw and sets it up; poll does the waiting.
#include "drivers/asio_serial_line.h"

#include "drivers/descriptor_wait.h"
#include "hal/error.h"

#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>
#include <boost/asio/io_context.hpp>
#include <boost/asio/serial_port.hpp>

#include <cerrno>

namespace opal::drivers {

namespace asio = boost::asio;
using boost::system::error_code;
using hal::DeviceError;
using hal::ErrorKind;
using Port = asio::serial_port_base;

namespace {

class AsioSerialLine final : public hal::SerialLine {
public:
    AsioSerialLine(const std::string& path, const hal::SerialSettings& settings)
        : name_(path), settings_(settings), port_(context_) {
        if (settings.stop_bits != 1 && settings.stop_bits != 2)
            fail(ErrorKind::out_of_range, "open",
                 std::to_string(settings.stop_bits) + " stop bits asked; 1 or 2 are possible");
        if (settings.baud < 50)  // 0 would mean: hang up
            fail(ErrorKind::out_of_range, "open",
                 std::to_string(settings.baud) + " baud asked; at least 50 is possible");
        error_code error;
        port_.open(path, error);
        if (error) fail(ErrorKind::refused, "open", open_advice(error));
        // For this process alone: two programs on one laser would read each other's replies.
        if (::ioctl(port_.native_handle(), TIOCEXCL) != 0)
            fail(ErrorKind::refused, "open", "the device cannot be taken exclusively");
        set(Port::character_size(8), "8 data bits");
        set(Port::flow_control(Port::flow_control::none), "no flow control");
        set(Port::parity(settings.parity == hal::Parity::none  ? Port::parity::none
                         : settings.parity == hal::Parity::odd ? Port::parity::odd
                                                               : Port::parity::even),
            "the parity");
        set(Port::stop_bits(settings.stop_bits == 1 ? Port::stop_bits::one : Port::stop_bits::two),
            std::to_string(settings.stop_bits) + " stop bits");
        set(Port::baud_rate(static_cast<unsigned>(settings.baud)),
            std::to_string(settings.baud) + " baud (usual: 9600 to 921600)");
    }

    const std::string& name() const override { return name_; }
    const hal::SerialSettings& settings() const override { return settings_; }

    void write(std::span<const std::byte> bytes, hal::Deadline deadline) override {
        std::size_t taken = 0;
        while (taken < bytes.size()) {
            const auto rest = bytes.subspan(taken);
            const auto sent = ::write(port_.native_handle(), rest.data(), rest.size());
            if (sent >= 0) {
                taken += static_cast<std::size_t>(sent);
            } else if (errno == EAGAIN) {
                if (wait_writable(port_.native_handle(), deadline) == Readiness::deadline)
                    fail(ErrorKind::timeout, "write",
                         std::to_string(taken) + " of " + std::to_string(bytes.size()) +
                             " bytes taken when the deadline passed");
            } else if (errno != EINTR) {
                fail_gone("write");
            }
        }
    }

    std::size_t read(std::span<std::byte> into, hal::Deadline deadline) override {
        if (into.empty()) return 0;
        for (;;) {
            const auto got = ::read(port_.native_handle(), into.data(), into.size());
            if (got > 0) return static_cast<std::size_t>(got);
            if (got == 0) fail(ErrorKind::disconnected, "read", "the device hung up");
            if (errno == EAGAIN) {
                if (wait_readable(port_.native_handle(), deadline) == Readiness::deadline) return 0;
            } else if (errno != EINTR) {
                fail_gone("read");
            }
        }
    }

    void discard_input() override {
        if (::tcflush(port_.native_handle(), TCIFLUSH) != 0) fail_gone("discard_input");
    }

private:
    template <typename Option>
    void set(const Option& option, const std::string& what) {
        error_code error;
        port_.set_option(option, error);
        if (error)
            fail(ErrorKind::out_of_range, "open",
                 "the device does not take " + what + ": " + error.message());
    }

    static std::string open_advice(const error_code& error) {
        if (error == boost::system::errc::permission_denied)
            return "no permission; join the group dialout or install the udev rules";
        if (error == boost::system::errc::device_or_resource_busy)
            return "in use by another program; close it first";
        return error.message();
    }
    [[noreturn]] void fail(ErrorKind kind, const char* operation, const std::string& text) const {
        throw DeviceError(kind, "serial " + name_, operation, text);
    }
    [[noreturn]] void fail_gone(const char* operation) const {
        fail(
            ErrorKind::disconnected, operation,
            "the device is gone: " + error_code(errno, boost::system::system_category()).message());
    }

    const std::string name_;
    const hal::SerialSettings settings_;
    asio::io_context context_;
    asio::serial_port port_;
};

}  // namespace

std::unique_ptr<hal::SerialLine> open_serial_line(const std::string& path,
                                                  const hal::SerialSettings& settings) {
    return std::make_unique<AsioSerialLine>(path, settings);
}

}  // namespace opal::drivers
