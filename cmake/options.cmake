# Build-wide flags and the choices a preset makes.

option(ORRERY_ASAN "AddressSanitizer and UndefinedBehaviorSanitizer" OFF)
option(ORRERY_TSAN "ThreadSanitizer" OFF)
option(ORRERY_COVERAGE "Line coverage instrumentation" OFF)
option(ORRERY_FUZZERS "libFuzzer targets (clang only)" OFF)
option(ORRERY_WERROR "Warnings are errors" ON)

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "" FORCE)
endif()

# Assertions are ours and stay on in every build; NDEBUG would only silence the libraries' own.
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -g1")
set(CMAKE_CXX_FLAGS_DEBUG "-O0 -g")
set(CMAKE_C_FLAGS_RELEASE "-O2 -g1")

# Sources go by their names below the root, whether the compiler is given the whole path or, by ccache, one from the build folder.
file(RELATIVE_PATH ORRERY_ROOT_FROM_BUILD ${CMAKE_BINARY_DIR} ${CMAKE_SOURCE_DIR})
add_compile_options(-Wall -Wextra -Wshadow -Wnon-virtual-dtor -Wno-missing-field-initializers
  -fno-omit-frame-pointer -ffp-contract=off "-ffile-prefix-map=${CMAKE_SOURCE_DIR}/="
  "-ffile-prefix-map=${ORRERY_ROOT_FROM_BUILD}=")
if(ORRERY_WERROR)
  add_compile_options(-Werror)
endif()

if(ORRERY_ASAN)
  add_compile_options(-fsanitize=address,undefined -fno-sanitize=vptr -fno-sanitize-recover=all)
  add_link_options(-fsanitize=address,undefined)
endif()
if(ORRERY_TSAN)
  add_compile_options(-fsanitize=thread)
  add_link_options(-fsanitize=thread)
endif()
if(ORRERY_COVERAGE)
  add_compile_options(--coverage -fprofile-update=atomic)
  add_link_options(--coverage)
endif()
if(ORRERY_FUZZERS)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()

find_program(ORRERY_CCACHE ccache)
if(ORRERY_CCACHE)
  # Every checkout, and the trees in which mutants are built, find what another has compiled.
  set(launcher env CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1
    CCACHE_SLOPPINESS=pch_defines,time_macros ${ORRERY_CCACHE})  # The last as its manual asks for precompiled headers.
  set(CMAKE_C_COMPILER_LAUNCHER ${launcher})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${launcher})
endif()
find_program(ORRERY_MOLD mold)
if(ORRERY_MOLD)
  add_link_options(-fuse-ld=mold)
endif()
