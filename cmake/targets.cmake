# orrery_library(name SOURCES ... LIBRARIES ... [SCHEMAS ...]): a static library; includes are from the root.
# orrery_test(name SOURCES ... LIBRARIES ... [LABELS ...]): a doctest executable, registered with ctest.
# SCHEMAS are FlatBuffers files; a.fbs in folder f is included as "f/a_generated.h".

function(orrery_schemas target)
  foreach(schema IN LISTS ARGN)
    file(RELATIVE_PATH folder ${CMAKE_SOURCE_DIR} ${CMAKE_CURRENT_SOURCE_DIR})
    set(out_folder ${CMAKE_BINARY_DIR}/gen/${folder})
    get_filename_component(stem ${schema} NAME_WE)
    set(header ${out_folder}/${stem}_generated.h)
    add_custom_command(OUTPUT ${header}
      COMMAND ${ORRERY_FLATC} --cpp --scoped-enums -o ${out_folder} ${CMAKE_CURRENT_SOURCE_DIR}/${schema}
      DEPENDS ${schema} COMMENT "flatc ${folder}/${schema}" VERBATIM)
    target_sources(${target} PRIVATE ${header})
  endforeach()
  target_include_directories(${target} SYSTEM PUBLIC ${CMAKE_BINARY_DIR}/gen)
  target_link_libraries(${target} PUBLIC ${ORRERY_FLATBUFFERS_LIBRARY})
endfunction()

function(orrery_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LIBRARIES;SCHEMAS" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  orrery_precompiled(${name})
  target_include_directories(${name} PUBLIC ${CMAKE_SOURCE_DIR})
  target_link_libraries(${name} PUBLIC ${ARG_LIBRARIES})
  if(ARG_SCHEMAS)
    orrery_schemas(${name} ${ARG_SCHEMAS})
  endif()
endfunction()

# One main() of doctest for all test programs.
file(WRITE ${CMAKE_BINARY_DIR}/doctest_main.cc
  "#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN\n#include <doctest/doctest.h>\n")
add_library(orrery_doctest_main STATIC ${CMAKE_BINARY_DIR}/doctest_main.cc)

function(orrery_test name)
  cmake_parse_arguments(ARG "" "TIMEOUT" "SOURCES;LIBRARIES;LABELS" ${ARGN})
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 300)
  endif()
  add_executable(${name} ${ARG_SOURCES})
  orrery_precompiled(${name})
  target_include_directories(${name} PRIVATE ${CMAKE_SOURCE_DIR})
  target_link_libraries(${name} PRIVATE ${ARG_LIBRARIES} orrery_doctest_main)
  add_test(NAME ${name} COMMAND ${name} WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
  set_tests_properties(${name} PROPERTIES TIMEOUT ${ARG_TIMEOUT} LABELS "${ARG_LABELS}")
endfunction()

# orrery_fuzz_target(name SOURCE a/stem_fuzz.cc LIBRARIES ...): with ORRERY_FUZZERS a libFuzzer program called name; without,
# a test that gives it every input of a/corpus_stem once.
function(orrery_fuzz_target name)
  cmake_parse_arguments(ARG "" "SOURCE" "LIBRARIES" ${ARGN})
  get_filename_component(folder ${ARG_SOURCE} DIRECTORY)
  get_filename_component(stem ${ARG_SOURCE} NAME_WE)
  string(REGEX REPLACE "_fuzz$" "" stem ${stem})
  set(corpus ${CMAKE_CURRENT_SOURCE_DIR}/${folder}/corpus_${stem})
  file(WRITE ${CMAKE_BINARY_DIR}/fuzz_corpora/${name} ${corpus})
  if(ORRERY_FUZZERS)
    add_executable(${name} ${ARG_SOURCE})
    target_link_options(${name} PRIVATE -fsanitize=fuzzer)
  else()
    add_executable(${name} ${ARG_SOURCE} ${CMAKE_SOURCE_DIR}/tests/corpus/replay_main.cc)
    target_link_libraries(${name} PRIVATE fmt::fmt)
    add_test(NAME ${name} COMMAND ${name} ${corpus})
    set_tests_properties(${name} PROPERTIES TIMEOUT 60)
  endif()
  target_link_libraries(${name} PRIVATE ${ARG_LIBRARIES})
endfunction()
