# Every library comes from the distribution; ci/packages.txt lists the packages.

find_package(PkgConfig REQUIRED)
pkg_check_modules(isal REQUIRED IMPORTED_TARGET libisal)
find_package(Threads REQUIRED)
find_package(Boost 1.81 REQUIRED COMPONENTS context)
find_package(fmt REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(nlohmann_json REQUIRED)
find_library(ORRERY_ROCKSDB_LIBRARY rocksdb REQUIRED)
find_library(ORRERY_FLATBUFFERS_LIBRARY flatbuffers REQUIRED)
find_program(ORRERY_FLATC flatc REQUIRED)
