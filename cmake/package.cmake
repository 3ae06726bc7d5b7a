# The Debian package, see scripts/deb: `cpack` in a build folder that was configured with the prefix /usr.
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME loflow)
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
    OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_STRIP_FILES ON)
set(LOFLOW_MAINTAINER "loflow maintainers <maintainers@loflow.invalid>" CACHE STRING
    "Who answers for the Debian package: a name and an address")
set(CPACK_DEBIAN_PACKAGE_MAINTAINER ${LOFLOW_MAINTAINER})
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS libcap2-bin)
set(CPACK_DEBIAN_PACKAGE_SUGGESTS wireshark)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA ${CMAKE_SOURCE_DIR}/cmake/deb/postinst)
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "loopback packet capture and flow analyzer")
set(CPACK_PACKAGE_DESCRIPTION
"loflow shows every TCP and UDP connection on the loopback interface as one
row: client, server, bytes, the state of the handshake and, when something
failed, what failed and why. It watches lo live, in a full-screen view or as
lines, and reads saved captures, and says the same things about both.

It is for developers whose programs talk to each other on one machine.")

# What only a package has. Its time is that of the changelog, so that it is the same whenever it is made.
if(NOT LOFLOW_DEBIAN)
  include(CPack)
  return()
endif()
set(DEB ${CMAKE_BINARY_DIR}/deb)
configure_file(cmake/deb/changelog.in ${DEB}/changelog @ONLY)
foreach(FILE deb/changelog written/loflow.1)
  get_filename_component(NAME ${FILE} NAME)
  add_custom_command(
    OUTPUT ${DEB}/${NAME}.gz
    COMMAND gzip -9nc ${CMAKE_BINARY_DIR}/${FILE} > ${DEB}/${NAME}.gz
    DEPENDS ${CMAKE_BINARY_DIR}/${FILE}
    COMMENT "Packing ${NAME}"
    VERBATIM)
endforeach()
add_custom_target(packed ALL DEPENDS ${DEB}/changelog.gz ${DEB}/loflow.1.gz)
# Make would write the page for each of the two at the same time, into the same file.
add_dependencies(packed written)
install(FILES ${DEB}/changelog.gz cmake/deb/copyright cmake/deb/README.Debian DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(FILES ${DEB}/loflow.1.gz DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
include(CPack)
