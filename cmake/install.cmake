# What is installed: libraries, headers, the CMake package, .pc files, documentation; and, where they are
# wanted, the names of libuv beside all that, in a folder of their own.
include(CMakePackageConfigHelpers)
set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/uvstream)

install(TARGETS ${installed} EXPORT uvstreamTargets)
install(FILES include/uv.h include/uvstream.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/uvstream)
install(
  DIRECTORY include/uv
  DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/uvstream
  FILES_MATCHING
  PATTERN "*.h")

install(EXPORT uvstreamTargets NAMESPACE uvstream:: DESTINATION ${package_dir})
configure_package_config_file(cmake/uvstreamConfig.cmake.in uvstreamConfig.cmake
                              INSTALL_DESTINATION ${package_dir})
set(compatibility SameMajorVersion)
if(PROJECT_VERSION_MAJOR EQUAL 0)
  set(compatibility SameMinorVersion)
endif()
write_basic_package_version_file(uvstreamConfigVersion.cmake COMPATIBILITY ${compatibility})
install(FILES ${PROJECT_BINARY_DIR}/uvstreamConfig.cmake
              ${PROJECT_BINARY_DIR}/uvstreamConfigVersion.cmake DESTINATION ${package_dir})

# ---- pkg-config ---------------------------------------------------------------------------

# The paths in the .pc files are relative to them, so that an installed tree can be moved.
file(RELATIVE_PATH pc_prefix "/p/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/p")
list(JOIN pc_private " " pc_private)
set(pc_needed ${pc_private})
set(pc_name uvstream)
set(pc_libs)
if(NOT UVSTREAM_BUILD_SHARED)
  # There is only the static library, so that every program needs what it needs.
  get_target_property(static_name uvstream OUTPUT_NAME)
  if(static_name)
    set(pc_name ${static_name})
  endif()
  set(pc_libs " ${pc_private}")
  set(pc_private)
endif()
configure_file(cmake/uvstream.pc.in uvstream.pc @ONLY)
set(pc_files ${PROJECT_BINARY_DIR}/uvstream.pc)
if(UVSTREAM_BUILD_STATIC)
  # A linker that finds both under one name takes the shared one, also after `pkg-config --static`.
  set(static_file ${CMAKE_STATIC_LIBRARY_PREFIX}uvstream${CMAKE_STATIC_LIBRARY_SUFFIX})
  if(MSVC)
    set(static_file uvstream_static.lib)
  endif()
  configure_file(cmake/uvstream-static.pc.in uvstream-static.pc @ONLY)
  list(APPEND pc_files ${PROJECT_BINARY_DIR}/uvstream-static.pc)
endif()
install(FILES ${pc_files} DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

# ---- The names of libuv ------------------------------------------------------------------

if(UVSTREAM_INSTALL_LIBUV_NAMES)
  set(names_dir ${CMAKE_INSTALL_LIBDIR}/uvstream/libuv)
  file(STRINGS include/uv/version.h level_lines REGEX "^#define UV_VERSION_(MAJOR|MINOR|PATCH) ")
  list(TRANSFORM level_lines REPLACE "^#define UV_VERSION_[A-Z]+ +([0-9]+).*" "\\1")
  list(JOIN level_lines "." level)
  file(RELATIVE_PATH pc_names_prefix "/p/${names_dir}/lib/pkgconfig" "/p")
  configure_file(cmake/libuv-names/libuv.pc.in libuv.pc @ONLY)
  install(FILES ${PROJECT_BINARY_DIR}/libuv.pc DESTINATION ${names_dir}/lib/pkgconfig)
  configure_package_config_file(
    cmake/libuv-names/libuvConfig.cmake.in libuvConfig.cmake
    INSTALL_DESTINATION ${names_dir}/lib/cmake/libuv PATH_VARS package_dir)
  write_basic_package_version_file(libuvConfigVersion.cmake VERSION ${level}
                                   COMPATIBILITY SameMajorVersion)
  install(FILES ${PROJECT_BINARY_DIR}/libuvConfig.cmake ${PROJECT_BINARY_DIR}/libuvConfigVersion.cmake
          DESTINATION ${names_dir}/lib/cmake/libuv)
endif()

# ---- Documentation, and the way back -------------------------------------------------------

# A recipe of a package may bring less of the sources than there is.
foreach(file LICENSE README.md CHANGELOG.md)
  if(EXISTS ${PROJECT_SOURCE_DIR}/${file})
    install(FILES ${file} DESTINATION ${CMAKE_INSTALL_DOCDIR})
  endif()
endforeach()
if(EXISTS ${PROJECT_SOURCE_DIR}/docs)
  install(
    DIRECTORY docs
    DESTINATION ${CMAKE_INSTALL_DOCDIR}
    FILES_MATCHING
    PATTERN "*.md"
    PATTERN "*.svg")
endif()

# Manual pages, where there is what makes them: Python that of the library, help2man those of programs.
find_package(Python3 COMPONENTS Interpreter QUIET)
if(NOT WIN32 AND Python3_FOUND AND EXISTS ${PROJECT_SOURCE_DIR}/tools/man_pages.py)
  set(man ${PROJECT_BINARY_DIR}/man)
  file(GLOB man_sources CONFIGURE_DEPENDS tools/man_pages.py tools/api_pages.py include/uv.h
       include/uvstream.h)
  add_custom_command(
    OUTPUT ${man}/uvstream.7
    COMMAND Python3::Interpreter ${PROJECT_SOURCE_DIR}/tools/man_pages.py ${man}
    DEPENDS ${man_sources}
    VERBATIM)
  add_custom_target(uvstream_man ALL DEPENDS ${man}/uvstream.7)
  install(FILES ${man}/uvstream.7 DESTINATION ${CMAKE_INSTALL_MANDIR}/man7)
endif()

if(top_level)
  configure_file(cmake/uninstall.cmake.in uninstall.cmake @ONLY)
  add_custom_target(uninstall COMMAND ${CMAKE_COMMAND} -P ${PROJECT_BINARY_DIR}/uninstall.cmake
                    VERBATIM)
endif()
