# SPDX-License-Identifier: Apache-2.0
# The tests that are scripts: the rules of the house, the sanitizer builds, the fuzzers and the
# kernel matrix. They are ctest's too, so that its closing line counts everything.

# script_test(NAME LABEL TIMEOUT SECONDS COMMAND ... [PROPERTIES ...])
function(script_test name label)
  cmake_parse_arguments(ST "" "TIMEOUT" "COMMAND;PROPERTIES" ${ARGN})
  add_test(NAME ${name} COMMAND ${ST_COMMAND} WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
  set_tests_properties(${name} PROPERTIES LABELS ${label} TIMEOUT ${ST_TIMEOUT} ${ST_PROPERTIES})
endfunction()

set(lib ${CMAKE_SOURCE_DIR}/scripts/lib)

script_test(check.format meta TIMEOUT 120 COMMAND ${lib}/dev/fmt --check)
script_test(check.layers meta TIMEOUT 60 COMMAND ${CMAKE_SOURCE_DIR}/scripts/check.py)
script_test(check.scripts meta TIMEOUT 60 COMMAND ${lib}/shell.sh)
script_test(check.spelling meta TIMEOUT 60 COMMAND ${lib}/spelling.sh)
script_test(check.support meta TIMEOUT 120 COMMAND
  python3 -m unittest discover -s tests/support -p *_test.py)

# These use every core themselves.
script_test(check.tidy meta TIMEOUT 1800 COMMAND python3 ${lib}/tidy.py ${CMAKE_BINARY_DIR}
  PROPERTIES PROCESSORS 2)
script_test(sanitize.asan sanitize TIMEOUT 1800 COMMAND ${lib}/sanitize.sh asan
  PROPERTIES PROCESSORS 2)
script_test(sanitize.tsan sanitize TIMEOUT 1800 COMMAND ${lib}/sanitize.sh tsan
  PROPERTIES PROCESSORS 2)

script_test(fuzz.build fuzz TIMEOUT 1800 COMMAND ${lib}/fuzz.sh build
  PROPERTIES PROCESSORS 2 FIXTURES_SETUP fuzzers)
file(GLOB fuzzers CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/fuzz/*_fuzz.cc)
foreach(source IN LISTS fuzzers)
  get_filename_component(fuzzer ${source} NAME_WE)
  script_test(fuzz.${fuzzer} fuzz TIMEOUT 180 COMMAND ${lib}/fuzz.sh run ${fuzzer} 60
    PROPERTIES FIXTURES_REQUIRED fuzzers)
endforeach()

# Slow once per machine: what they make is kept outside the tree. A test that reads a span back from
# a real back-end requires the fixture `backends`.
script_test(setup.backends setup TIMEOUT 2400 COMMAND ${lib}/backends.sh
  PROPERTIES FIXTURES_SETUP backends)
script_test(setup.kernels setup TIMEOUT 900 COMMAND ${lib}/kernels.sh
  PROPERTIES FIXTURES_SETUP kernels)

script_test(vm.boot vm TIMEOUT 600 COMMAND python3 tests/vm/run.py --scenario boot
  PROPERTIES PROCESSORS 2 FIXTURES_REQUIRED kernels)
script_test(vm.systemd vm TIMEOUT 600 COMMAND python3 tests/vm/systemd.py
  --binary ${CMAKE_BINARY_DIR}/spanwire
  PROPERTIES PROCESSORS 2 RUN_SERIAL TRUE FIXTURES_REQUIRED kernels)
script_test(vm.preempted vm TIMEOUT 600 COMMAND python3 tests/vm/run.py --scenario preempted
  --binary ${CMAKE_BINARY_DIR}/spanwire 6.1 7
  PROPERTIES PROCESSORS 2 RUN_SERIAL TRUE FIXTURES_REQUIRED kernels)
script_test(vm.kernels vm TIMEOUT 1200 COMMAND python3 tests/vm/run.py
  --binary ${CMAKE_BINARY_DIR}/spanwire
  PROPERTIES PROCESSORS 2 RUN_SERIAL TRUE FIXTURES_REQUIRED kernels)
