"""`opal serve` on USB/IP, as a host sees it that speaks the protocol by itself [Linux,
usbip_protocol.rst]: which boards and cameras there are, how fast, and when a cable is pulled out.
And what is refused because the device has no such thing."""

import socket
import struct
import time
import unittest

from opal_program import ProgramTest

BAD_INPUT = 2
HIGH, SUPER = 3, 5  # speeds
VERSION, IMPORT, LIST = 0x0111, 0x8003, 0x8005
PATIENCE_S = 60


def take(link, count):
    data = b""
    while len(data) < count:
        part = link.recv(count - len(data))
        if not part:
            raise EOFError
        data += part
    return data


class ServedUsb(ProgramTest):
    def serve(self, *options):
        self.served = self.start("serve", "small.yaml", "--address", self.own_address(),
                                 "-s", "sensor.rows=64", "-s", "sensor.columns=64",
                                 "--laser", "none", *options)
        self.addCleanup(self.served.communicate)
        self.addCleanup(self.served.kill)

    def connect(self):
        end = time.monotonic() + PATIENCE_S
        while True:
            try:
                return socket.create_connection((self.own_address(), 3240), PATIENCE_S)
            except OSError:
                if self.served.poll() is not None or time.monotonic() > end:
                    raise AssertionError(self.served.communicate())
                time.sleep(0.05)

    def devices(self):
        """(vendor, product, speed) of everything that is listed."""
        with self.connect() as link:
            link.sendall(struct.pack(">HHI", VERSION, LIST, 0))
            count = struct.unpack(">8xI", take(link, 12))[0]
            found = []
            for _ in range(count):
                device = take(link, 312)
                speed, vendor, product = struct.unpack(">IHH", device[296:304])
                found.append((vendor, product, speed))
                take(link, 4 * device[311])  # interfaces
            return found

    def import_device(self, link, bus_id):
        link.sendall(struct.pack(">HHI32s", VERSION, IMPORT, 0, bus_id.encode()))
        status = struct.unpack(">4xI", take(link, 8))[0]
        if status == 0:
            take(link, 312)
        return status

    def test_boards_bring_their_mirrors(self):
        for board, mirrors in (("9000", "TI DLP9000 with DLPC900  1600 x 2560 mirrors"),
                               ("670s", "TI DLP670S with DLPC900  1600 x 2716 mirrors"),
                               ("500yx", "TI DLP500YX with DLPC900  1200 x 2048 mirrors")):
            with self.subTest(board):
                self.serve("--dmd", "dlpc900", "--camera", "none", "--board", board)
                self.assertEqual(self.devices(), [(0x0451, 0xC900, 2)])  # full speed
                done = self.interrupt(self.served)
                self.assertEqual(done.returncode, 130, done.stderr)
                self.assertIn(mirrors, done.stdout)

    def test_a_camera_in_a_usb_2_socket(self):
        for speed, listed in ((), SUPER), (("--usb-speed", "high"), HIGH):
            with self.subTest(speed):
                self.serve("--dmd", "none", "--camera", "u3v", *speed)
                self.assertEqual(self.devices(), [(0x1209, 1, listed)])
                self.interrupt(self.served)

    def test_a_cable_that_is_pulled_out_and_plugged_in(self):
        self.serve("--dmd", "none", "--camera", "u3v", "--unplug-after", "1.5")
        with self.connect() as link:
            self.assertEqual(self.import_device(link, "1-1"), 0)
            began = time.monotonic()
            with self.assertRaises(EOFError):  # within the socket's patience
                take(link, 1)
            self.assertLess(time.monotonic() - began, PATIENCE_S)
        with self.connect() as link:
            self.assertEqual(self.import_device(link, "1-1"), 0)
        self.assertEqual(self.interrupt(self.served).returncode, 130)

    def test_what_a_device_does_not_have_is_refused(self):
        for options, words in (
            (("--camera", "u3v", "--lose", "0.1"), ("--lose", "GigE Vision", "u3v")),
            (("--camera", "u3v", "--deny-resend"), ("--deny-resend", "u3v")),
            (("--camera", "u3v", "--link-mbit", "100"), ("--link-mbit", "u3v")),
            (("--stall", "0.1"), ("--stall", "USB3 Vision", "gige")),
            (("--unplug-after", "3"), ("--unplug-after", "gige")),
            (("--board", "9000"), ("--board", "lightcrafter")),
        ):
            with self.subTest(options):
                self.check_error(self.opal("serve", *options), BAD_INPUT, *words)
        for options in (("--stall", "1.5"), ("--board", "4500"), ("--usb-speed", "full")):
            with self.subTest(options):
                self.check_error(self.opal("serve", "--camera", "u3v", "--dmd", "dlpc900",
                                           *options), BAD_INPUT, options[0])

    def test_standby_is_for_boards(self):
        self.check_error(self.opal("standby", "u3v:SIM-1"), BAD_INPUT, "dlpc900:", "u3v:SIM-1")


if __name__ == "__main__":
    unittest.main()
