# The strict set: every warning we know how to keep clean, and what harden.cmake adds. Nothing that
# LOFLOW_SANITIZE or LOFLOW_FUZZ adds is in loflow_plain, for what is measured.
add_library(loflow_plain INTERFACE)
add_library(loflow_strict INTERFACE)
target_link_libraries(loflow_strict INTERFACE loflow_plain)
target_compile_definitions(loflow_plain INTERFACE _GNU_SOURCE)
target_compile_options(loflow_plain INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wpointer-arith -Wcast-align -Wwrite-strings
  -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition -Wundef -Wvla
  -Wformat=2 -Wimplicit-fallthrough -Wnull-dereference -Wdouble-promotion
  -fno-strict-aliasing -fvisibility=hidden
  -ffile-prefix-map=${CMAKE_SOURCE_DIR}/=) # the same program from every folder: tests/run/reproducible
# Not for users: a compiler that does not exist yet may warn about more.
if(LOFLOW_WERROR)
  target_compile_options(loflow_plain INTERFACE -Werror)
endif()
include(cmake/harden.cmake)
if(LOFLOW_FUZZ)
  target_compile_options(loflow_strict INTERFACE -fsanitize=fuzzer-no-link)
endif()
if(LOFLOW_SANITIZE)
  target_compile_options(loflow_strict INTERFACE
    -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(loflow_strict INTERFACE -fsanitize=address,undefined)
endif()
