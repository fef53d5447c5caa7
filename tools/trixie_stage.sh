#!/usr/bin/env bash
# One stage of `./dev test trixie`, inside of Debian trixie (trixie.sh): trixie_stage.sh STAGE REPORT,
# where REPORT is the file for CTest's.
#
#   facts   what test/facts/wine10.txt says of this Wine is so
#   wine    the Windows programs that build/mingw has already, run by this newer Wine
#   wine32  those of build/mingw32, which only a Wine with 32-bit libraries runs, on a kernel that runs such programs
#   ucrt    built with the universal C run-time library, and run
#   peers   current versions of Node, Bun and Deno for Windows, as peers of IPC and of pipes
#   gcc     all of it natively by a current gcc, and
#   clang   by a current clang, each with warnings that no other build asks for
set -eu
cd "$(dirname "$0")/.."

stage=$1
report=$PWD/$2
cores=$(nproc)

# A server of an earlier stage ended with its namespace, and who has its number now is another process.
rm -f build/trixie-wine/server.pid

# The list of tests names the Python that was found outside.
lend_python() {
  local path
  path=$(sed -n 's/^_Python3_EXECUTABLE:[A-Z]*=//p' "$1/CMakeCache.txt" | head -n 1)
  if [ -n "$path" ] && [ ! -e "$path" ]; then
    mkdir -p "$(dirname "$path")"
    ln -s /usr/bin/python3 "$path"
  fi
}

# What has no Nim, Node or npm here is left out by name; the simulator and the fuzz corpus ask nothing of a Wine.
run_windows() {
  local folder=$1
  shift
  lend_python "$folder"
  WINEPREFIX=$PWD/build/trixie-wine ctest --test-dir "$folder" -j4 --timeout 180 \
    --output-on-failure --repeat until-pass:2 --output-junit "$report" \
    -E '^(compat[.]nim|interop[.]|facts[.]table)' "$@"
}

build() {
  cmake --preset "$1" && cmake --build --preset "$1" -j "$cores"
}

case $stage in
facts)
  WINEPREFIX=$PWD/build/trixie-wine cmake/wine-runner.sh build/mingw/bin/uvtest_facts.exe \
    --differ test/facts/wine10.txt
  ;;
peers) python3 tools/trixie_peers.py "$report" "$PWD/build/trixie-wine" ;;
wine) run_windows build/mingw -LE '^(sim|fuzz|shim|shim_runs)$' ;;
wine32)
  # The loader of 32-bit programs, which this kernel may refuse as such; Wine would say of each program that it cannot be
  # started.
  if ! /lib/ld-linux.so.2 --version >/dev/null 2>&1; then
    echo "this kernel runs no 32-bit programs"
    exit 77
  fi
  run_windows build/mingw32 -LE '^(sim|fuzz|shim|shim_runs)$'
  ;;
ucrt)
  build mingw-ucrt
  run_windows build/mingw-ucrt -LE '^(sim|fuzz|shim|shim_runs)$'
  ;;
gcc | clang)
  build "trixie-$stage"
  ctest --preset "trixie-$stage" --output-junit "$report" -E '^(compat[.]nim|interop[.])'
  ;;
*)
  echo "trixie_stage.sh: no stage $stage" >&2
  exit 2
  ;;
esac
