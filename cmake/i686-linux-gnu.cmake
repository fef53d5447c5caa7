# Linux on 32-bit x86, by Debian's cross compiler. An x86-64 machine runs its programs by itself, when
# its kernel can; the C library is the cross compiler's.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR i686)
set(CMAKE_C_COMPILER i686-linux-gnu-gcc)
set(sysroot /usr/i686-linux-gnu)
set(CMAKE_EXE_LINKER_FLAGS_INIT
    "-Wl,--dynamic-linker=${sysroot}/lib/ld-linux.so.2 -Wl,-rpath,${sysroot}/lib")
