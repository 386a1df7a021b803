# landfall_add_suite(NAME n SOURCES … LIBS … [TIMEOUT s] [ARGS …]): one doctest binary, one ctest entry, run with ARGS.
# A suite that ran no test case fails.
function(landfall_add_suite)
  cmake_parse_arguments(ARG "" "NAME;TIMEOUT" "SOURCES;LIBS;ARGS" ${ARGN})
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 900)
  endif()
  add_executable(suite_${ARG_NAME} ${PROJECT_SOURCE_DIR}/tests/suite_main.cpp ${ARG_SOURCES})
  target_link_libraries(suite_${ARG_NAME} PRIVATE landfall_warnings doctest::doctest ${ARG_LIBS})
  add_test(NAME ${ARG_NAME} COMMAND suite_${ARG_NAME} ${ARG_ARGS})
  set_tests_properties(${ARG_NAME} PROPERTIES TIMEOUT ${ARG_TIMEOUT} LABELS "${ARG_NAME}")
  if(LANDFALL_SANITIZE MATCHES "address")
    set_property(TEST ${ARG_NAME} APPEND PROPERTY ENVIRONMENT
                 "LSAN_OPTIONS=suppressions=${PROJECT_SOURCE_DIR}/tests/support/leaks.supp")
  endif()
endfunction()
