# Windows programs (x86_64) built by clang, with the headers, libraries and linker of MinGW-w64.
include(${CMAKE_CURRENT_LIST_DIR}/mingw-x86_64.cmake)

# The compiler's own library is that of gcc, which clang does not find by itself everywhere.
execute_process(
  COMMAND ${CMAKE_C_COMPILER} -print-libgcc-file-name
  OUTPUT_VARIABLE libgcc
  OUTPUT_STRIP_TRAILING_WHITESPACE)
get_filename_component(libgcc_folder "${libgcc}" DIRECTORY)
foreach(kind EXE SHARED MODULE)
  set(CMAKE_${kind}_LINKER_FLAGS_INIT "-L${libgcc_folder}")
endforeach()

set(CMAKE_C_COMPILER clang)
set(CMAKE_CXX_COMPILER clang++)
set(CMAKE_C_COMPILER_TARGET x86_64-w64-mingw32)
set(CMAKE_CXX_COMPILER_TARGET x86_64-w64-mingw32)
