# What is installed: the program, what it writes itself from its tables (manual page, completions), and the
# documents that the screens and reports refer to.
include(GNUInstallDirs)
option(LOFLOW_DEBIAN "Install as Debian's packages do: what scripts/deb builds" OFF)
set(ZSH_DIR ${CMAKE_INSTALL_DATADIR}/zsh/$<IF:$<BOOL:${LOFLOW_DEBIAN}>,vendor-completions,site-functions>)
install(TARGETS loflow RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(FILES README.md SECURITY.md docs/diagnosis.md docs/json.md docs/tcp-analysis.md
        DESTINATION ${CMAKE_INSTALL_DOCDIR})

if(CMAKE_CROSSCOMPILING)
  message(STATUS "Cross compiling: the manual page and the completions are not made; see loflow --help")
  return()
endif()

set(WRITTEN)
# loflow_writes(FILE FOLDER OPTION...): FILE is what `loflow OPTION...` prints, and is installed into FOLDER,
# unless that is "".
function(loflow_writes FILE FOLDER)
  set(MADE ${CMAKE_BINARY_DIR}/written/${FILE})
  get_filename_component(MADE_IN ${MADE} DIRECTORY)
  add_custom_command(
    OUTPUT ${MADE}
    COMMAND ${CMAKE_COMMAND} -E make_directory ${MADE_IN}
    COMMAND loflow ${ARGN} > ${MADE}.new
    COMMAND ${CMAKE_COMMAND} -E rename ${MADE}.new ${MADE}
    DEPENDS loflow
    COMMENT "Writing ${FILE}"
    VERBATIM)
  if(FOLDER)
    install(FILES ${MADE} DESTINATION ${FOLDER})
  endif()
  set(WRITTEN ${WRITTEN} ${MADE} PARENT_SCOPE)
endfunction()

# Debian wants the page packed, which cmake/package.cmake does.
set(MANUAL_DIR ${CMAKE_INSTALL_MANDIR}/man1)
if(LOFLOW_DEBIAN)
  set(MANUAL_DIR "")
endif()
loflow_writes(loflow.1 "${MANUAL_DIR}" --manual)
loflow_writes(bash/loflow ${CMAKE_INSTALL_DATADIR}/bash-completion/completions --completion bash)
loflow_writes(_loflow ${ZSH_DIR} --completion zsh)
loflow_writes(loflow.fish ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d --completion fish)
add_custom_target(written ALL DEPENDS ${WRITTEN})
