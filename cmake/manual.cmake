# The manual page: the program prints it from its tables.
if(CMAKE_CROSSCOMPILING)
  message(STATUS "Cross compiling: the manual page is not made; loflow --manual prints it")
  return()
endif()

set(MANUAL ${CMAKE_BINARY_DIR}/loflow.1)
add_custom_command(
  OUTPUT ${MANUAL}
  COMMAND loflow --manual > ${MANUAL}.new
  COMMAND ${CMAKE_COMMAND} -E rename ${MANUAL}.new ${MANUAL}
  DEPENDS loflow
  COMMENT "Writing loflow.1"
  VERBATIM)
add_custom_target(manual ALL DEPENDS ${MANUAL})
install(FILES ${MANUAL} DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
