# Stands in for vcpkg, as far as the port in packaging/ uses it, to run that port where there is no
# vcpkg: cmake -DPORT_DIR= -DLINKAGE=static|dynamic -DWORK= -P vcpkg_stand_in.cmake
# installs the package into WORK/package. What the real functions would do to files is left
# out; that the files are there to do it with is not.
cmake_minimum_required(VERSION 3.20)

set(PORT uvstream)
set(CURRENT_PORT_DIR ${PORT_DIR})
set(CURRENT_PACKAGES_DIR ${WORK}/package)
set(VCPKG_LIBRARY_LINKAGE ${LINKAGE})

function(run)
  execute_process(COMMAND ${ARGV} OUTPUT_QUIET COMMAND_ERROR_IS_FATAL ANY)
endfunction()

function(must_exist path)
  if(NOT EXISTS ${path})
    message(FATAL_ERROR "the port names ${path}, which is not there")
  endif()
endfunction()

function(vcpkg_cmake_configure)
  cmake_parse_arguments(PARSE_ARGV 0 arg "" "SOURCE_PATH" "OPTIONS")
  run(${CMAKE_COMMAND} -S ${arg_SOURCE_PATH} -B ${WORK}/build -DCMAKE_BUILD_TYPE=Debug
      -DCMAKE_INSTALL_PREFIX=${CURRENT_PACKAGES_DIR} -DCMAKE_INSTALL_LIBDIR=lib ${arg_OPTIONS})
endfunction()

function(vcpkg_cmake_install)
  run(${CMAKE_COMMAND} --build ${WORK}/build --parallel 2 --target install)
endfunction()

function(vcpkg_copy_pdbs)
endfunction()

function(vcpkg_cmake_config_fixup)
  cmake_parse_arguments(PARSE_ARGV 0 arg "" "CONFIG_PATH" "")
  must_exist(${CURRENT_PACKAGES_DIR}/${arg_CONFIG_PATH}/${PORT}Config.cmake)
endfunction()

function(vcpkg_fixup_pkgconfig)
  must_exist(${CURRENT_PACKAGES_DIR}/lib/pkgconfig/${PORT}.pc)
endfunction()

function(vcpkg_install_copyright)
  cmake_parse_arguments(PARSE_ARGV 0 arg "" "" "FILE_LIST")
  foreach(file ${arg_FILE_LIST})
    must_exist(${file})
  endforeach()
endfunction()

# The port finds its own files by CMAKE_CURRENT_LIST_DIR.
include(${PORT_DIR}/portfile.cmake)
must_exist(${CURRENT_PACKAGES_DIR}/share/${PORT}/usage)
