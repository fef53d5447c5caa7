# The demo, and a test: a real file through a chain of two relays, many connections at once
# through one relay, and a web server whose workers are killed while it is busy. Only CMake is needed, so that it runs on every system:
#
#   cmake -DDIR=<folder of the programs> [-DRUNNER=<wrapper>] [-DMIB=<file size>]
#         [-DREQUESTS=<number>] -P demo.cmake
#
# RUNNER starts a program that this system cannot start itself (Wine for Windows programs).
#
# execute_process starts all its COMMANDs at the same moment, as a pipeline; that is how the
# programs run side by side here. Each listener takes a free port and tells it in a file.
# Every program is started through this same script in its STAGE role, which waits for the
# file with the address that the program needs.
cmake_minimum_required(VERSION 3.20)

set(limit_s 300) # far more than needed; ends a demo that hangs

# ---- STAGE: cmake -DSTAGE=1 -DADDRESS_FILE=... -P demo.cmake -- PROGRAM ARGUMENT... ----------

# Reads the address in ADDRESS_FILE. Gives up when another stage has failed.
function(wait_for_address result)
  string(TIMESTAMP start "%s")
  while(NOT EXISTS ${ADDRESS_FILE})
    string(TIMESTAMP now "%s")
    math(EXPR waited "${now} - ${start}")
    if(EXISTS failed OR waited GREATER limit_s)
      file(TOUCH failed)
      message(FATAL_ERROR "there is no ${ADDRESS_FILE}; the program before has not started")
    endif()
    execute_process(COMMAND ${CMAKE_COMMAND} -E sleep 0.02)
  endwhile()
  file(STRINGS ${ADDRESS_FILE} address LIMIT_COUNT 1)
  set(${result} ${address} PARENT_SCOPE)
endfunction()

function(run_stage)
  set(address "")
  if(ADDRESS_FILE)
    wait_for_address(address)
  endif()
  set(command ${RUNNER})
  set(seen_separator OFF)
  math(EXPR last "${CMAKE_ARGC} - 1")
  foreach(i RANGE ${last})
    if(seen_separator)
      string(REPLACE "@ADDRESS@" "${address}" argument "${CMAKE_ARGV${i}}")
      list(APPEND command "${argument}")
    elseif(CMAKE_ARGV${i} STREQUAL "--")
      set(seen_separator ON)
    endif()
  endforeach()
  execute_process(COMMAND ${command} RESULT_VARIABLE code)
  if(NOT code EQUAL 0)
    file(TOUCH failed)
    message(FATAL_ERROR "ended with ${code}: ${command}")
  endif()
endfunction()

if(STAGE)
  run_stage()
  return()
endif()

# ---- The programs, and a folder to work in ---------------------------------------------------

if(NOT DIR)
  message(FATAL_ERROR "cmake -DDIR=<folder> [-DRUNNER=<wrapper>] [-DMIB=<size>] -P demo.cmake")
endif()
if(NOT MIB)
  set(MIB 64)
endif()
if(NOT REQUESTS)
  set(REQUESTS 4000)
endif()
foreach(number MIB REQUESTS)
  if(NOT ${number} MATCHES "^[1-9][0-9]*$")
    message(FATAL_ERROR "demo: ${number} is '${${number}}'; it is a whole number above 0")
  endif()
endforeach()
get_filename_component(DIR "${DIR}" ABSOLUTE)

foreach(name relay ferry swarm prefork)
  find_program(${name} ${name} PATHS ${DIR} NO_DEFAULT_PATH NO_CACHE)
  if(EXISTS ${DIR}/${name}.exe)
    set(${name} ${DIR}/${name}.exe)
  endif()
  if(NOT ${name})
    message(FATAL_ERROR "there is no ${name} in ${DIR}")
  endif()
endforeach()

# The programs run in this folder and name their files without a path: nothing has to be
# translated for Wine. Random, so that two demos can run at the same time.
string(RANDOM LENGTH 12 unique)
set(folder ${DIR}/demo-${unique})
file(MAKE_DIRECTORY ${folder})

macro(fail message)
  file(REMOVE_RECURSE ${folder})
  message(FATAL_ERROR "demo: ${message}")
endmacro()

set(stage ${CMAKE_COMMAND} -DSTAGE=1 "-DRUNNER=${RUNNER}")
set(script -P ${CMAKE_CURRENT_LIST_FILE} --)

# Reports go to stderr, which is shown as they come; stdout is the pipeline's and stays empty.
macro(run_side_by_side what)
  execute_process(
    ${ARGN}
    WORKING_DIRECTORY ${folder}
    RESULTS_VARIABLE codes
    TIMEOUT ${limit_s})
  foreach(code ${codes})
    if(NOT code EQUAL 0)
      fail("${what} failed (${codes})")
    endif()
  endforeach()
endmacro()

# ---- A file through two relays ---------------------------------------------------------------

math(EXPR bytes "${MIB} * 1024 * 1024")
message(STATUS "demo: ${MIB} MiB, sender -> relay -> relay -> receiver")
run_side_by_side("making the file" COMMAND ${stage} ${script} ${ferry} make sent.bin ${bytes})
file(SIZE ${folder}/sent.bin size)
if(NOT size EQUAL bytes)
  fail("the file has ${size} bytes instead of ${bytes}")
endif()

set(anywhere tcp-listen:127.0.0.1:0)
set(there tcp:@ADDRESS@)
run_side_by_side(
  "the chain"
  COMMAND ${stage} ${script} ${ferry} recv got.bin ${anywhere} --ready-file receiver
  COMMAND ${stage} -DADDRESS_FILE=receiver ${script}
          ${relay} --timeout 60 --ready-file second ${anywhere} ${there}
  COMMAND ${stage} -DADDRESS_FILE=second ${script}
          ${relay} --timeout 60 --ready-file first ${anywhere} ${there}
  COMMAND ${stage} -DADDRESS_FILE=first ${script} ${ferry} send sent.bin ${there})

file(SHA256 ${folder}/sent.bin sent_hash)
file(SHA256 ${folder}/got.bin got_hash)
message(STATUS "demo: sent     ${sent_hash}")
message(STATUS "demo: received ${got_hash}")
if(NOT sent_hash STREQUAL got_hash)
  fail("what arrived is not what was sent")
endif()

# ---- Many connections through one relay ------------------------------------------------------

set(clients 50)
message(STATUS "demo: ${clients} clients at once -> relay --serve -> echo server")
run_side_by_side(
  "the serving relay"
  COMMAND ${stage} ${script} ${swarm} serve ${anywhere} ${clients} --ready-file echo
  COMMAND ${stage} -DADDRESS_FILE=echo ${script}
          ${relay} --serve --max ${clients} --timeout 60 --ready-file serving ${anywhere} ${there}
  COMMAND ${stage} -DADDRESS_FILE=serving ${script} ${swarm} check ${there} ${clients} 100000)

# ---- A server whose workers die --------------------------------------------------------------

set(control uvstream-demo-${unique}) # on Unix a file in the folder
message(STATUS "demo: ${REQUESTS} requests of 16 clients -> prefork, 3 of whose workers are killed")
run_side_by_side(
  "the prefork server"
  COMMAND ${stage} ${script} ${prefork} serve ${anywhere} --workers 4
          --control pipe-listen:${control} --ready-file web
  COMMAND ${stage} -DADDRESS_FILE=web ${script} ${prefork} load ${there} --requests ${REQUESTS}
          --clients 16 --control pipe:${control} --kills 3)

file(REMOVE_RECURSE ${folder})
message(STATUS "demo: all right")
