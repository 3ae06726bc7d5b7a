# The tracer of host/: a BPF program, compiled by clang and kept in the library as bytes, and libbpf,
# which loads it. Both are optional: without them tracer_open tells what is missing.
loflow_optional(BPF libbpf >=1.0)
find_program(LOFLOW_CLANG NAMES clang clang-21 clang-20 clang-19 clang-18 clang-17 clang-16 clang-15
             clang-14 DOC "Compiles the BPF program")
find_program(LOFLOW_STRIP NAMES llvm-strip llvm-strip-14 DOC "Makes the BPF program smaller")

if(NOT LOFLOW_BPF OR NOT LOFLOW_CLANG)
  message(STATUS "No clang or no libbpf: loflow is built without the tracer of kernel events")
  target_sources(loflow_host PRIVATE ${CMAKE_SOURCE_DIR}/host/tracer_none.c)
  return()
endif()

set(TRACER_ARCH ${CMAKE_SYSTEM_PROCESSOR})
string(REGEX REPLACE "^(x86_64|amd64|i.86)$" "x86" TRACER_ARCH ${TRACER_ARCH})
string(REGEX REPLACE "^aarch64$" "arm64" TRACER_ARCH ${TRACER_ARCH})
set(TRACER_OBJECT ${CMAKE_BINARY_DIR}/tracer.bpf.o)
set(TRACER_BYTES ${CMAKE_BINARY_DIR}/tracer_program.c)
set(TRACER_STRIP)
if(LOFLOW_STRIP)
  set(TRACER_STRIP COMMAND ${LOFLOW_STRIP} -g ${TRACER_OBJECT}) # BTF stays
endif()

# Debian has <asm/types.h> in the folder of the machine, which clang does not search for BPF.
add_custom_command(
  OUTPUT ${TRACER_BYTES}
  COMMAND ${LOFLOW_CLANG} -target bpf -D__TARGET_ARCH_${TRACER_ARCH} -g -O2 -std=gnu17
          -ffreestanding -ffile-prefix-map=${CMAKE_SOURCE_DIR}/= -fdebug-compilation-dir=. -Wall -Wextra -Wshadow -Wno-unused-parameter
          $<$<BOOL:${LOFLOW_WERROR}>:-Werror> -I${CMAKE_SOURCE_DIR}
          -isystem /usr/include/${CMAKE_LIBRARY_ARCHITECTURE}
          -c ${CMAKE_SOURCE_DIR}/host/tracer.bpf.c -o ${TRACER_OBJECT}
  ${TRACER_STRIP}
  COMMAND ${CMAKE_COMMAND} -DFROM=${TRACER_OBJECT} -DTO=${TRACER_BYTES}
          -P ${CMAKE_SOURCE_DIR}/cmake/bytes.cmake
  DEPENDS ${CMAKE_SOURCE_DIR}/host/tracer.bpf.c ${CMAKE_SOURCE_DIR}/host/trace_record.h ${CMAKE_SOURCE_DIR}/host/tracer_kernel.h
          ${CMAKE_SOURCE_DIR}/cmake/bytes.cmake
  COMMENT "Building BPF object tracer.bpf.o"
  VERBATIM)
target_sources(loflow_host PRIVATE ${CMAKE_SOURCE_DIR}/host/tracer.c
               ${CMAKE_SOURCE_DIR}/host/tracer_load.c ${TRACER_BYTES})
target_link_libraries(loflow_host PRIVATE PkgConfig::BPF)
