# Windows programs (x86_64) built by the MinGW-w64 whose C++ library has POSIX threads, as MSYS2's and
# most that are downloaded are. What is built here must not need those threads' DLL.
include(${CMAKE_CURRENT_LIST_DIR}/mingw-x86_64.cmake)
set(CMAKE_C_COMPILER x86_64-w64-mingw32-gcc-posix)
set(CMAKE_CXX_COMPILER x86_64-w64-mingw32-g++-posix)
