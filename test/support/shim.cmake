# uvstream_link_shim(TARGET): a Windows program whose calls of the system go through the shim
# (shim.h). Where it cannot be linked the program is left as it is; UVSTREAM_SHIM says.

set(UVSTREAM_SHIM OFF)
if(WIN32 AND CMAKE_C_COMPILER_ID STREQUAL "GNU" AND CMAKE_SIZEOF_VOID_P EQUAL 8)
  set(UVSTREAM_SHIM ON)
endif()

set(shim_dir ${CMAKE_CURRENT_LIST_DIR})
set(shim_options_file ${PROJECT_BINARY_DIR}/shim.ld)
if(UVSTREAM_SHIM AND NOT TARGET uvtest_shim_objects)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${shim_dir}/shim_calls.h)
  file(STRINGS ${shim_dir}/shim_calls.h shim_lines REGEX "^(COUNTED|LOCKED|OWN)\\(")
  set(shim_options)
  foreach(line IN LISTS shim_lines)
    string(REGEX REPLACE "^[A-Z]+\\([^,]*,[^,]*, ([A-Za-z_]+),.*" "\\1" function "${line}")
    string(APPEND shim_options "--wrap=${function}\n--wrap=__imp_${function}\n")
  endforeach()
  # The command line would be too long for some shells.
  file(CONFIGURE OUTPUT ${shim_options_file} CONTENT "${shim_options}" @ONLY)

  add_library(uvtest_shim_objects OBJECT ${shim_dir}/shim.c ${shim_dir}/shim_lock.c ${shim_dir}/shim_pipe.c
                                 ${shim_dir}/shim_port.c ${shim_dir}/shim_sock.c)
  target_compile_features(uvtest_shim_objects PRIVATE c_std_11)
  target_compile_definitions(uvtest_shim_objects PRIVATE UVTEST_SHIM _WIN32_WINNT=0x0A00)
endif()

function(uvstream_link_shim target)
  if(UVSTREAM_SHIM)
    target_sources(${target} PRIVATE $<TARGET_OBJECTS:uvtest_shim_objects>)
    target_include_directories(${target} PRIVATE ${shim_dir})
    target_compile_definitions(${target} PRIVATE UVTEST_SHIM)
    target_link_options(${target} PRIVATE -Wl,@${shim_options_file})
    target_link_libraries(${target} PRIVATE ws2_32 ntdll)
  endif()
endfunction()
