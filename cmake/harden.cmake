# What makes a fault harder to use, for everything that is built: each flag where the compiler and the linker
# know it. tests/run/hardening reads the program and fails when one of them left no trace in it.
include(CheckCCompilerFlag)
include(CheckCSourceCompiles)
include(CheckPIESupported)
check_pie_supported(LANGUAGES C)

# harden_compile(FLAG): for the compiler.
function(harden_compile FLAG)
  string(MAKE_C_IDENTIFIER "LOFLOW_HAS${FLAG}" HAS)
  set(CMAKE_REQUIRED_FLAGS -Werror)
  check_c_compiler_flag(${FLAG} ${HAS})
  if(${HAS})
    target_compile_options(loflow_plain INTERFACE ${FLAG})
  endif()
endfunction()

# harden_link(FLAG): for the linker.
function(harden_link FLAG)
  string(MAKE_C_IDENTIFIER "LOFLOW_HAS${FLAG}" HAS)
  set(CMAKE_REQUIRED_LINK_OPTIONS ${FLAG})
  check_c_source_compiles("int main(void) { return 0; }" ${HAS})
  if(${HAS})
    target_link_options(loflow_plain INTERFACE ${FLAG})
  endif()
endfunction()

# There are no shared libraries here, so that -fPIE is enough for the folders' libraries, too.
if(CMAKE_C_LINK_PIE_SUPPORTED)
  target_compile_options(loflow_plain INTERFACE -fPIE)
  target_link_options(loflow_plain INTERFACE -pie)
endif()
harden_compile(-fstack-protector-strong)
harden_compile(-fstack-clash-protection)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|amd64|i.86)$")
  harden_compile(-fcf-protection)
elseif(CMAKE_SYSTEM_PROCESSOR STREQUAL "aarch64")
  harden_compile(-mbranch-protection=standard)
endif()
harden_link(-Wl,-z,relro)
harden_link(-Wl,-z,now)
harden_link(-Wl,-z,noexecstack)
harden_link(-Wl,-z,separate-code)

# loflow_fortify: lengths are checked while it runs, where the compiler knows the size of a buffer.
# loflow_guard: where it can compute the size, too (level 3), and variables of functions begin as zeros.
# Writing JSON costs 8 % more instructions with that, all else nothing. The one needs an optimiser and the other
# would hide from sanitizers and debuggers what was never set: neither is in builds for those.
add_library(loflow_fortify INTERFACE)
add_library(loflow_guard INTERFACE)
set(CMAKE_REQUIRED_FLAGS "-Werror -O2 -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3") # who does not know 3 warns
check_c_source_compiles("#include <string.h>\nint main(void) { return 0; }" LOFLOW_HAS_FORTIFY_3)
set(CMAKE_REQUIRED_FLAGS -Werror)
check_c_compiler_flag(-ftrivial-auto-var-init=zero LOFLOW_HAS_AUTO_INIT)
unset(CMAKE_REQUIRED_FLAGS)
set(LOFLOW_FORTIFY -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
set(LOFLOW_FORTIFY_GUARD ${LOFLOW_FORTIFY})
if(LOFLOW_HAS_FORTIFY_3)
  set(LOFLOW_FORTIFY_GUARD -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3)
endif()
if(NOT LOFLOW_SANITIZE AND NOT CMAKE_BUILD_TYPE STREQUAL "Debug")
  target_compile_options(loflow_fortify INTERFACE ${LOFLOW_FORTIFY})
  target_compile_options(loflow_guard INTERFACE ${LOFLOW_FORTIFY_GUARD}
                         $<$<BOOL:${LOFLOW_HAS_AUTO_INIT}>:-ftrivial-auto-var-init=zero>)
endif()
