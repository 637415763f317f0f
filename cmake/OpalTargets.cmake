# How every target of OPAL is compiled, in one place.
include(GNUInstallDirs)

add_library(opal_build_flags INTERFACE)
target_compile_features(opal_build_flags INTERFACE cxx_std_20)
# -ffp-contract=off: a fused multiply-add would change the last bit from one compiler to the next (docs/notation.md).
target_compile_options(opal_build_flags INTERFACE
  -ffp-contract=off -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion
  $<$<BOOL:${OPAL_WERROR}>:-Werror>
  $<$<BOOL:${OPAL_SANITIZE}>:-fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer>)
target_link_options(opal_build_flags INTERFACE
  $<$<BOOL:${OPAL_SANITIZE}>:-fsanitize=address,undefined>)

# opal_add_library(sim SOURCES a.cpp b.cpp PUBLIC opal::hal PRIVATE fmt::fmt): one folder, one namespace, one library.
function(opal_add_library folder)
  cmake_parse_arguments(ARG "" "" "SOURCES;PUBLIC;PRIVATE" ${ARGN})
  add_library(opal_${folder} STATIC ${ARG_SOURCES})
  add_library(opal::${folder} ALIAS opal_${folder})
  set_target_properties(opal_${folder} PROPERTIES EXPORT_NAME ${folder})
  target_include_directories(opal_${folder} PUBLIC
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}/opal>)
  target_compile_features(opal_${folder} PUBLIC cxx_std_20)
  target_link_libraries(opal_${folder} PUBLIC ${ARG_PUBLIC} PRIVATE $<BUILD_INTERFACE:opal_build_flags> ${ARG_PRIVATE})
endfunction()

# opal_add_test(sim_physics SOURCES a.cpp b.cpp LIBRARIES opal::sim TIMEOUT 60): one doctest program, one ctest entry.
function(opal_add_test name)
  cmake_parse_arguments(ARG "" "TIMEOUT" "SOURCES;LIBRARIES" ${ARGN})
  add_executable(test_${name} ${ARG_SOURCES} ${PROJECT_SOURCE_DIR}/tests/main.cpp)
  target_include_directories(test_${name} PRIVATE ${PROJECT_SOURCE_DIR})
  target_link_libraries(test_${name} PRIVATE opal_build_flags doctest::doctest ${ARG_LIBRARIES})
  add_test(NAME ${name} COMMAND test_${name})
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 120)
  endif()
  if(OPAL_SANITIZE)
    math(EXPR ARG_TIMEOUT "${ARG_TIMEOUT} * 5")
  endif()
  set_tests_properties(${name} PROPERTIES TIMEOUT ${ARG_TIMEOUT})
endfunction()
