# How every target of OPAL is compiled, in one place: opal_add_library, opal_add_program and
# opal_add_test. A folder's CMakeLists.txt lists sources and neighbours and nothing else.
include(GNUInstallDirs)

# A second build of the same sources costs seconds where ccache is installed, and nothing changes
# where it is not.
find_program(OPAL_CCACHE ccache)
mark_as_advanced(OPAL_CCACHE)
if(OPAL_CCACHE AND PROJECT_IS_TOP_LEVEL AND NOT DEFINED CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${OPAL_CCACHE})
endif()

add_library(opal_build_flags INTERFACE)
target_compile_features(opal_build_flags INTERFACE cxx_std_20)
# -ffp-contract=off: a fused multiply-add would change the last bit from one compiler to the next
# (docs/notation.md). -UNDEBUG: asserts guard against bugs, and stay on in release builds.
target_compile_options(opal_build_flags INTERFACE
  -ffp-contract=off -UNDEBUG -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion)
# GCC bug 105651: "literal" + std::string&& warns about an overlap that cannot happen.
target_compile_options(opal_build_flags INTERFACE
  $<$<AND:$<CXX_COMPILER_ID:GNU>,$<VERSION_LESS:$<CXX_COMPILER_VERSION>,13>>:-Wno-restrict>)
# Highway also compiles for the AVX-512 of Ice Lake and later, which permutes bytes.
target_compile_definitions(opal_build_flags INTERFACE HWY_WANT_AVX3_DL)
if(OPAL_WERROR)
  target_compile_options(opal_build_flags INTERFACE -Werror)
endif()
if(OPAL_SANITIZE STREQUAL "thread")
  set(opal_sanitizers -fsanitize=thread)
elseif(OPAL_SANITIZE)
  set(opal_sanitizers -fsanitize=address,undefined)
endif()
if(OPAL_SANITIZE)
  # The instrumentation hides from GCC that std::function is initialised: no such warnings here.
  target_compile_options(opal_build_flags INTERFACE
    ${opal_sanitizers} -fno-sanitize-recover=all -fno-omit-frame-pointer
    $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)
  target_link_options(opal_build_flags INTERFACE ${opal_sanitizers})
  # Eigen 3.4 loads a complex<float> as one double (SSE/Complex.h), misaligned in the sanitizer's
  # eyes. Without its vector code the alignment of everything else stays checked.
  target_compile_definitions(opal_build_flags INTERFACE EIGEN_DONT_VECTORIZE)
endif()

if(OPAL_BUILD_FUZZERS)
  # Counts which branches an input takes, so that libFuzzer can look for others.
  target_compile_options(opal_build_flags INTERFACE -fsanitize=fuzzer-no-link)
  target_link_options(opal_build_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()

# opal_add_library(sim SOURCES a.cpp b.cpp PUBLIC opal::hal PRIVATE fmt::fmt)
# One folder, one namespace, one library; installed with its headers as opal::<folder>.
function(opal_add_library folder)
  cmake_parse_arguments(ARG "" "" "SOURCES;PUBLIC;PRIVATE" ${ARGN})
  add_library(opal_${folder} STATIC ${ARG_SOURCES})
  add_library(opal::${folder} ALIAS opal_${folder})
  set_target_properties(opal_${folder} PROPERTIES EXPORT_NAME ${folder})
  target_include_directories(opal_${folder} PUBLIC
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}>
    $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}/opal>)
  target_compile_features(opal_${folder} PUBLIC cxx_std_20)
  target_link_libraries(opal_${folder}
    PUBLIC ${ARG_PUBLIC}
    PRIVATE $<BUILD_INTERFACE:opal_build_flags> ${ARG_PRIVATE})
  if(OPAL_SANITIZE)
    # Whoever links these libraries has to allocate Eigen's matrices as they do.
    target_compile_definitions(opal_${folder}
      INTERFACE $<INSTALL_INTERFACE:EIGEN_DONT_VECTORIZE>)
  endif()
  set_property(GLOBAL APPEND PROPERTY OPAL_LIBRARIES ${folder})
endfunction()

# opal_add_program(opal SOURCES main.cpp LIBRARIES opal::sim): an executable that is installed.
function(opal_add_program name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LIBRARIES" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR})
  target_link_libraries(${name} PRIVATE opal_build_flags ${ARG_LIBRARIES})
  set_property(GLOBAL APPEND PROPERTY OPAL_PROGRAMS ${name})
endfunction()

# opal_test_timeout(60 golden tidy): seconds the tests may take; more where sanitizers watch.
function(opal_test_timeout seconds)
  if(OPAL_SANITIZE)
    math(EXPR seconds "${seconds} * 5")
  endif()
  set_tests_properties(${ARGN} PROPERTIES TIMEOUT ${seconds})
endfunction()

# opal_add_test(sim_physics SOURCES a.cpp b.cpp LIBRARIES opal::sim TIMEOUT 60)
# One doctest program, one ctest entry. TIMEOUT in seconds, 120 unless given.
function(opal_add_test name)
  cmake_parse_arguments(ARG "" "TIMEOUT" "SOURCES;LIBRARIES" ${ARGN})
  add_executable(test_${name} ${ARG_SOURCES} ${PROJECT_SOURCE_DIR}/tests/main.cpp)
  target_include_directories(test_${name} PRIVATE ${PROJECT_SOURCE_DIR})
  target_link_libraries(test_${name} PRIVATE opal_build_flags doctest::doctest ${ARG_LIBRARIES})
  add_test(NAME ${name} COMMAND test_${name})
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 120)
  endif()
  opal_test_timeout(${ARG_TIMEOUT} ${name})
endfunction()
