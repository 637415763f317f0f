# What `cmake --install` puts where, so that other projects find OPAL with find_package(opal) or
# pkg-config. Headers keep their folders below include/opal: #include "hal/bench.h" reads the same
# inside and outside of this repository.
include(CMakePackageConfigHelpers)

get_property(opal_libraries GLOBAL PROPERTY OPAL_LIBRARIES)
get_property(opal_programs GLOBAL PROPERTY OPAL_PROGRAMS)
set(opal_cmake_folder ${CMAKE_INSTALL_LIBDIR}/cmake/opal)

foreach(folder IN LISTS opal_libraries)
  install(TARGETS opal_${folder} EXPORT opalTargets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
  install(DIRECTORY ${PROJECT_SOURCE_DIR}/${folder}
    DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/opal FILES_MATCHING PATTERN "*.h")
endforeach()
if(opal_programs)
  install(TARGETS ${opal_programs} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()

if(opal_libraries)
  install(EXPORT opalTargets NAMESPACE opal:: DESTINATION ${opal_cmake_folder})
endif()
configure_package_config_file(
  ${PROJECT_SOURCE_DIR}/cmake/opalConfig.cmake.in ${PROJECT_BINARY_DIR}/opalConfig.cmake
  INSTALL_DESTINATION ${opal_cmake_folder})
# Before 1.0 every minor version may change the interface.
write_basic_package_version_file(${PROJECT_BINARY_DIR}/opalConfigVersion.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES
  ${PROJECT_BINARY_DIR}/opalConfig.cmake ${PROJECT_BINARY_DIR}/opalConfigVersion.cmake
  DESTINATION ${opal_cmake_folder})

# pkg-config: the archives in link order (a library before what it leans on), then what they need.
list(REVERSE opal_libraries)
list(TRANSFORM opal_libraries PREPEND "-lopal_" OUTPUT_VARIABLE opal_pc_libraries)
list(JOIN opal_pc_libraries " " opal_pc_libraries)
if(OPAL_SIM_ONLY)
  set(opal_pc_requires "fmt yaml-cpp libhwy")
else()
  set(opal_pc_requires
    "fmt yaml-cpp eigen3 openblas zlib hdf5 libhwy libusb-1.0 pugixml libarchive")
endif()
# Relative to where opal.pc lies, so that an installed tree can be moved.
file(RELATIVE_PATH opal_pc_prefix /prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig /prefix)
string(REGEX REPLACE "/$" "" opal_pc_prefix "${opal_pc_prefix}")
configure_file(${PROJECT_SOURCE_DIR}/cmake/opal.pc.in ${PROJECT_BINARY_DIR}/opal.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/opal.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

install(FILES ${PROJECT_SOURCE_DIR}/udev/README.md
  DESTINATION ${CMAKE_INSTALL_DATADIR}/opal/udev)
# Where udev looks if the prefix is /usr or /usr/local; not in the library folder of the machine's
# architecture.
install(DIRECTORY ${PROJECT_SOURCE_DIR}/udev/
  DESTINATION lib/udev/rules.d FILES_MATCHING PATTERN "*.rules")
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
if(EXISTS ${PROJECT_SOURCE_DIR}/docs/opal.1)
  install(FILES ${PROJECT_SOURCE_DIR}/docs/opal.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
endif()
