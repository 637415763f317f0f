# Every library OPAL links, why, and its licence: permissive all, but for Eigen (MPL 2.0, per file)
# and libusb (LGPL 2.1, a shared library).
# All are Debian packages (packages.txt).

find_package(Threads REQUIRED)
# MIT. std::format is not in GCC 12, and messages must be readable.
find_package(fmt REQUIRED)
# MIT. Scene files are for people; yaml-cpp keeps the line numbers for errors.
find_package(yaml-cpp REQUIRED)
if(NOT TARGET yaml-cpp::yaml-cpp)  # 0.7 exports the target without a namespace
  add_library(yaml-cpp::yaml-cpp INTERFACE IMPORTED)
  target_link_libraries(yaml-cpp::yaml-cpp INTERFACE yaml-cpp)
endif()
# Highway, Apache-2.0. Inner loops for the widest vectors of the CPU, chosen at run time.
find_package(hwy 1.0 REQUIRED)

if(NOT OPAL_SIM_ONLY)
  # MPL-2.0. Matrices of the training code, FFT of the calibration.
  find_package(Eigen3 3.4 REQUIRED NO_MODULE)
  # OpenBLAS, BSD-3. Eigen's products at the CPU's real speed without -march=native.
  find_package(BLAS REQUIRED)
  # zlib. MNIST comes as .gz.
  find_package(ZLIB REQUIRED)
  # BSD-like. Calibration records open in h5py, HDFView and MATLAB.
  find_package(HDF5 REQUIRED COMPONENTS C)
  # BSD-3. Sub-commands with --help that teaches.
  find_package(CLI11 REQUIRED)
  # MIT. Results as JSON.
  find_package(nlohmann_json REQUIRED)
  # curl licence. Fetches data sets, with deadlines and clear errors.
  find_package(CURL REQUIRED)
  # Apache-2.0. SHA-256 of what was fetched.
  find_package(OpenSSL 3 REQUIRED COMPONENTS Crypto)
  # MIT. Cameras describe themselves in XML.
  find_package(pugixml REQUIRED)
  # BSD-2. Unpacks fetched archives and zipped camera descriptions.
  find_package(LibArchive REQUIRED)
  # BSL-1.0. Boost.Asio: sockets and serial lines with deadlines.
  find_package(Boost 1.74 REQUIRED)
  # LGPL-2.1, linked dynamically. USB devices from user space, many transfers in flight.
  find_library(OPAL_LIBUSB usb-1.0 REQUIRED)
endif()
if(OPAL_BUILD_TESTS)
  # MIT. Compiles fast; one header.
  find_package(doctest REQUIRED)
endif()
if(OPAL_BUILD_BENCHMARKS)
  # Apache-2.0. Repetitions and statistics on noisy machines.
  find_package(benchmark REQUIRED)
endif()
