#!/usr/bin/env bash
# run.sh BUILD-FOLDER [TOOLCHAIN RUNNER]: installs a build, moves what was installed, and builds
# and runs a foreign project against it: find_package and pkg-config, static and shared.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
build=$(cd "$1" && pwd)
toolchain=${2:-}
runner=${3:-}

work=$build/install-test
rm -rf "$work"
cmake --install "$build" --prefix "$work/first" >/dev/null
mv "$work/first" "$work/prefix"
pc=$(find "$work/prefix" -name uvstream.pc)
libdir=$(dirname "$(dirname "$pc")")

# Programs find the shared library as users would make them: by path, or beside the program.
run() {
  echo "run: $1"
  if [ -n "$runner" ]; then
    cp "$work"/prefix/bin/*.dll "$(dirname "$1")"
    WINEPREFIX=${WINEPREFIX:-$build/wine} "$runner" "$1"
  else
    LD_LIBRARY_PATH=$libdir DYLD_LIBRARY_PATH=$libdir "$1"
  fi
}

suffix=
compiler=${CC:-cc}
options=("-DCMAKE_PREFIX_PATH=$work/prefix" "-DCMAKE_FIND_ROOT_PATH=$work/prefix")
if [ -n "$toolchain" ]; then
  suffix=.exe
  compiler=$(sed -n 's/^set(CMAKE_C_COMPILER \(.*\))$/\1/p' "$toolchain")
  options+=("-DCMAKE_TOOLCHAIN_FILE=$toolchain" "-Duvstream_DIR=$libdir/cmake/uvstream")
fi

cmake -S "$here" -B "$work/cmake" "${options[@]}"
cmake --build "$work/cmake"
run "$work/cmake/consumer_static$suffix"
run "$work/cmake/consumer_shared$suffix"

mkdir "$work/pc"
export PKG_CONFIG_PATH=$libdir/pkgconfig
read -ra cflags <<<"$(pkg-config --cflags uvstream)"
read -ra shared <<<"$(pkg-config --libs uvstream)"
read -ra static <<<"$(pkg-config --libs --static uvstream)"
"$compiler" "${cflags[@]}" "$here/consumer.c" "${shared[@]}" -o "$work/pc/shared$suffix"
run "$work/pc/shared$suffix"
"$compiler" "${cflags[@]}" "$here/consumer.c" -Wl,-Bstatic "${static[@]}" -Wl,-Bdynamic \
  -o "$work/pc/static$suffix"
run "$work/pc/static$suffix"
echo "install: 4 programs built and run"
