#!/usr/bin/env bash
# run.sh BUILD-FOLDER [TOOLCHAIN RUNNER [installed]]: builds and runs a foreign project in each way that
# there is to get the library: what the build folder installs, found by find_package and by pkg-config,
# static and shared; its sources by add_subdirectory and FetchContent (not with `installed`, as they are
# compiled for long); and a project that asks for libuv, which finds this one by that name. And looks at
# what a shared library says about itself: its versioned name, and what it needs.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
build=$(cd "$1" && pwd)
toolchain=${2:-}
runner=${3:-}
ways=${4:-all}

work=$build/install-test
rm -rf "$work"
cmake --install "$build" --prefix "$work/first" >/dev/null
# An installed tree can be moved.
mv "$work/first" "$work/prefix"
pc=$(find "$work/prefix" -name uvstream.pc)
libdir=$(dirname "$(dirname "$pc")")
programs=0

fail() {
  echo "install: $*" >&2
  exit 1
}

# Runs a program that links the static library, or the shared one of the folder $2. Windows finds
# a DLL on the path; a program that was installed would have it beside itself.
run() {
  local folder=${2:-}
  echo "run: $1"
  if [ -z "$runner" ]; then
    LD_LIBRARY_PATH=$folder DYLD_LIBRARY_PATH=$folder "$1" || return
  else
    WINEPATH=${folder:+Z:${folder//\//\\}} WINEPREFIX=${WINEPREFIX:-$build/wine} "$runner" "$1" ||
      return
  fi
  programs=$((programs + 1))
}

suffix=
compiler=${CC:-cc}
shared_dir=$libdir
options=(-DCMAKE_BUILD_TYPE=Debug)
if [ -n "$toolchain" ]; then
  suffix=.exe
  compiler=$(sed -n 's/^set(CMAKE_C_COMPILER \(.*\))$/\1/p' "$toolchain")
  shared_dir=$work/prefix/bin
  options+=("-DCMAKE_TOOLCHAIN_FILE=$toolchain")
fi
if command -v ninja >/dev/null 2>&1; then
  options+=(-G Ninja)
fi

# ---- What the shared library says ----------------------------------------------------------

check_elf() {
  local name
  name=$(objdump -p "$libdir/libuvstream.so" | sed -n 's/^ *SONAME *//p')
  case $name in
  libuvstream.so.[0-9]*) ;;
  *) fail "the SONAME is '$name'" ;;
  esac
  [ -e "$libdir/$name" ] || fail "$name is not installed"
  echo "shared library: $name"
}

# Programs must start where no compiler is installed: only what Windows has.
check_dll() {
  local dll
  for dll in $(x86_64-w64-mingw32-objdump -p "$shared_dir/libuvstream.dll" |
    sed -n 's/.*DLL Name: //p' | tr '[:upper:]' '[:lower:]'); do
    case $dll in
    kernel32.dll | ntdll.dll | ws2_32.dll | mswsock.dll | iphlpapi.dll | advapi32.dll | \
      user32.dll | msvcrt.dll | ucrtbase.dll | api-ms-win-*) ;;
    *) fail "the DLL needs $dll" ;;
    esac
  done
}

if [ -n "$toolchain" ]; then
  check_dll
elif [ -e "$libdir/libuvstream.so" ]; then
  check_elf
fi

# ---- CMake ---------------------------------------------------------------------------------

# way NAME FOLDER-OF-SHARED-LIBRARY OPTION...
way() {
  local name=$1 folder=$2
  shift 2
  echo "== $name"
  cmake -S "$here" -B "$work/$name" "${options[@]}" "-DWAY=$name" "$@" >"$work/$name.log"
  cmake --build "$work/$name" --parallel 2 >>"$work/$name.log" || {
    tail -n 40 "$work/$name.log"
    fail "$name: does not build"
  }
  run "$work/$name/consumer_static$suffix"
  if [ -e "$work/$name/consumer_shared$suffix" ]; then
    run "$work/$name/consumer_shared$suffix" "$folder"
  fi
}

way find_package "$shared_dir" "-DCMAKE_PREFIX_PATH=$work/prefix"
if [ "$ways" = all ]; then
  # Whatever that project wants of its own targets.
  way add_subdirectory "$work/add_subdirectory/uvstream" "-DUVSTREAM_SOURCES=$root" \
    -DCMAKE_UNITY_BUILD=ON
  way FetchContent "" "-DUVSTREAM_SOURCES=$root"
fi

# ---- pkg-config ----------------------------------------------------------------------------

echo "== pkg-config"
mkdir "$work/pc"
export PKG_CONFIG_PATH=$libdir/pkgconfig
target=()
if [ "$compiler" = clang ] && [ -n "$toolchain" ]; then
  target=(--target=x86_64-w64-mingw32
    "-L$(dirname "$(x86_64-w64-mingw32-gcc -print-libgcc-file-name)")")
fi
# What it prints is for a shell to read: blanks in a path are escaped.
cflags=() shared=() static=() libuv=()
eval "cflags=($(pkg-config --cflags uvstream))"
eval "shared=($(pkg-config --libs uvstream))"
eval "static=($(pkg-config --libs uvstream-static))"
warnings=(-Wall -Wextra -Wpedantic -Werror)
"$compiler" "${target[@]}" "${warnings[@]}" "${cflags[@]}" "$here/consumer.c" "${shared[@]}" \
  -o "$work/pc/shared$suffix"
run "$work/pc/shared$suffix" "$shared_dir"
"$compiler" "${target[@]}" "${warnings[@]}" "${cflags[@]}" "$here/consumer.c" "${static[@]}" \
  -o "$work/pc/static$suffix"
run "$work/pc/static$suffix"

# ---- A project for libuv, which knows nothing of this library --------------------------------

names=$(dirname "$libdir/uvstream")/uvstream/libuv
[ -d "$names" ] || fail "configure with -DUVSTREAM_INSTALL_LIBUV_NAMES=ON"
echo "== libuv by CMake"
cmake -S "$here/libuv" -B "$work/libuv" "${options[@]}" "-DCMAKE_PREFIX_PATH=$names" >"$work/libuv.log"
cmake --build "$work/libuv" >>"$work/libuv.log" || {
  tail -n 40 "$work/libuv.log"
  fail "a project for libuv does not build"
}
run "$work/libuv/static$suffix"
run "$work/libuv/shared$suffix" "$shared_dir"
echo "== libuv by pkg-config"
eval "libuv=($(PKG_CONFIG_PATH=$names/lib/pkgconfig pkg-config --cflags --libs libuv))"
PKG_CONFIG_PATH=$names/lib/pkgconfig pkg-config --atleast-version=1.44 libuv ||
  fail "libuv.pc names no level of libuv"
"$compiler" "${target[@]}" "${warnings[@]}" "$here/consumer.c" "${libuv[@]}" -o "$work/pc/libuv$suffix"
run "$work/pc/libuv$suffix" "$shared_dir"

# What was installed can be taken away.
echo "== uninstall"
cmake --install "$build" --prefix "$work/again" >/dev/null
cmake --build "$build" --target uninstall >/dev/null
left=$(find "$work/again" -type f -o -type l -o -name '*uvstream*')
[ -z "$left" ] || fail "uninstalling leaves $left"

# The static program really needs no shared one: it runs with the libraries taken away, and the
# shared one does not.
mv "$work/prefix" "$work/gone"
run "$work/pc/static$suffix"
if (run "$work/pc/shared$suffix" "$shared_dir") >/dev/null 2>&1; then
  fail "pkg-config's shared program does not use the shared library"
fi
echo "install: $programs programs built and run"
