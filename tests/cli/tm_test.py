"""`opal tm`: what NumPy and h5py read is the record's matrix."""

import struct
import unittest

from opal_program import ProgramTest

try:
    import h5py
    import numpy
except ImportError:
    h5py = numpy = None

BAD_INPUT = 2


class TransmissionMatrix(ProgramTest):
    def test_info_says_what_is_known(self):
        self.calibrate()
        done = self.opal("tm", "info", self.record)
        self.assertEqual(done.returncode, 0, done.stderr)
        for word in ("256 modes x 10 inputs", "sigma of an entry", "held-out", "condition"):
            self.assertIn(word, done.stdout)
        self.check_error(self.opal("tm", "export", "T.txt", self.record), BAD_INPUT, ".npy")

    def test_npy_has_the_header_numpy_wants(self):
        self.calibrate()
        self.assertEqual(self.opal("tm", "export", "T.npy", self.record).returncode, 0)
        with open(self.path("T.npy"), "rb") as file:
            content = file.read()
        size = struct.unpack("<H", content[8:10])[0]
        self.assertEqual(content[:8], b"\x93NUMPY\x01\x00")
        self.assertEqual((10 + size) % 64, 0)
        header = eval(content[10:10 + size])  # a Python literal
        self.assertEqual(header, {"descr": "<c8", "fortran_order": True, "shape": (256, 10)})
        self.assertEqual(len(content), 10 + size + 256 * 10 * 8)

    @unittest.skipUnless(h5py, "NumPy and h5py are not installed")
    def test_numpy_h5py_and_the_record_agree(self):
        self.calibrate()
        for name in ("T.npy", "T.h5"):
            self.assertEqual(self.opal("tm", "export", name, self.record).returncode, 0)
        matrix = numpy.load(self.path("T.npy"))
        with h5py.File(self.record) as record:
            entries = record["record/matrix/entries"][:]  # (inputs, modes), complex64
        self.assertTrue((matrix == entries.T).all())
        with h5py.File(self.path("T.h5")) as file:
            self.assertEqual(file["real"].attrs["unit"], b"sqrt(DN)")
            self.assertTrue((file["real"][:] + 1j * file["imag"][:] == entries).all())
            self.assertEqual(file["sigma"].shape, (10, 256))
            # What MATLAB's h5read gives: the same memory in column order.
            as_matlab = file["real"][:].ravel().reshape(256, 10, order="F")
            self.assertTrue((as_matlab == matrix.real).all())


if __name__ == "__main__":
    unittest.main()
