# cmake -P cmake/version.cmake: says which CMake this is, and clearly when it is too old for the
# presets. CMake itself would only complain about a number in a file.
message(STATUS "CMake ${CMAKE_VERSION}, ${CMAKE_COMMAND}")
if(CMAKE_VERSION VERSION_LESS 3.25)
  message(FATAL_ERROR "The presets need CMake 3.25 or newer; this one is ${CMAKE_VERSION}. Without "
                      "presets 3.20 is enough: see \"Using it\" in README.md.")
endif()
