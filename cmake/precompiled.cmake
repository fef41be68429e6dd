# The standard library, parsed once per build instead of once per source: a third to a half of the time a source takes.
# One for all targets, hence nothing in it that depends on a target's definitions. Sources include what they use all the same.

option(ORRERY_PCH "Parse the standard library once" ON)

if(ORRERY_PCH)
  set(text "")
  foreach(header IN ITEMS
      algorithm array charconv chrono compare cstddef cstdint cstdio cstring deque functional limits map memory optional
      set span sstream string string_view tuple utility variant vector)
    string(APPEND text "#include <${header}>\n")
  endforeach()
  file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/precompiled.h CONTENT "${text}")
  file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/precompiled.cc CONTENT "")
  add_library(orrery_precompiled OBJECT ${CMAKE_BINARY_DIR}/precompiled.cc)
  if(CMAKE_CXX_COMPILER_ID STREQUAL GNU)
    # GCC 12 sees overruns in std::string that are none; from a precompiled header it does not keep them to itself.
    add_compile_options(-Wno-array-bounds -Wno-restrict -Wno-stringop-overflow -Wno-stringop-overread)
  elseif(CMAKE_CXX_COMPILER_ID MATCHES Clang)
    add_compile_options("SHELL:-Xclang -fno-pch-timestamp")  # Else every build folder has another one for the cache.
  endif()
  target_precompile_headers(orrery_precompiled PRIVATE
    $<$<COMPILE_LANGUAGE:CXX>:${CMAKE_BINARY_DIR}/precompiled.h>)
endif()

function(orrery_precompiled target)
  if(ORRERY_PCH)
    target_precompile_headers(${target} REUSE_FROM orrery_precompiled)
  endif()
endfunction()
