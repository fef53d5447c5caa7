#!/usr/bin/env bash
# Runs one Windows program under Wine: wine-runner.sh PROGRAM.exe [ARGUMENT...]. CMake calls it
# as CMAKE_CROSSCOMPILING_EMULATOR, so any number of these may start at the same moment.
#
# - The Wine prefix lies in the build folder that holds the program (or is $WINEPREFIX).
# - Every Windows object lives in the wineserver process, and each use of one is a round trip
#   to it: ten to twenty times cheaper when server and programs share one CPU.
# - Wine's background services keep the stdout and stderr of whoever starts them first; a
#   caller that reads to the end of such a pipe (CTest does) would wait for them. They are
#   therefore started here, once, without any.
set -eu

if [ $# -eq 0 ]; then
  echo "usage: wine-runner.sh PROGRAM.exe [ARGUMENT...]" >&2
  exit 2
fi

fail() {
  echo "wine-runner.sh: $*" >&2
  exit 127
}

# Nothing up to the start of the program starts another one where the Wine server runs already: this is done
# for each of thousands of tests.

# The first of the names that is there is $found, a path.
first_executable() {
  for found in "$@"; do
    case $found in
    /*) [ ! -x "$found" ] || return 0 ;;
    *)
      if hash "$found" 2>/dev/null; then
        found=${BASH_CMDS[$found]}
        return 0
      fi
      ;;
    esac
  done
  return 1
}

# The build folder is the nearest one above the program with a CMakeCache.txt: $folder.
build_folder() {
  local was=$PWD
  case $1 in
  */*) cd "${1%/*}" || return ;;
  esac
  folder=$PWD
  cd "$was"
  until [ -e "$folder/CMakeCache.txt" ]; do
    [ -n "$folder" ] || return 1
    folder=${folder%/*}
  done
}

# 64-bit Wine by itself has its loader in /usr/lib/wine and nothing but wrappers on the path.
first_executable /usr/lib/wine/wine64 wine64 wine || fail "Wine is not installed"
wine=$found
first_executable /usr/lib/wine/wineserver64 wineserver64 wineserver /usr/lib/wine/wineserver ||
  fail "wineserver is not installed"
server=$found

if [ -z "${WINEPREFIX:-}" ]; then
  [ -e "$1" ] || fail "$1 does not exist"
  build_folder "$1" || fail "$1 is in no build folder; set WINEPREFIX"
  WINEPREFIX=$folder/wine
fi
export WINEPREFIX WINELOADER="$wine" WINESERVER="$server"
# Without explorer.exe, which makes a desktop that nobody sees: a console's host that needs one starts it with
# its own handles, and the pipe of a pseudo console then has no end before that of the program which reads it.
export WINEARCH=win64 WINEDEBUG="${WINEDEBUG:--all}" WINEDLLOVERRIDES="mscoree,mshtml,explorer.exe="
unset DISPLAY

# The last CPU this process may use; nothing when that cannot be told.
pin=()
if hash taskset 2>/dev/null; then
  while read -r key cpus; do
    [ "$key" != Cpus_allowed_list: ] || pin=(taskset -c "${cpus##*[,-]}")
  done 2>/dev/null </proc/self/status || true
fi

# Linux 6.9 and newer put the heap of a program anywhere in the gibibyte behind it, and once in
# some thousand starts on the address that Wine has to have (0x7ffe0000): the program then ends
# with code 1 before it began. Without random addresses it does not. Where a container forbids
# that, the chance remains.
fixed=()
[ -d "$WINEPREFIX" ] || mkdir -p "$WINEPREFIX"
if [ ! -e "$WINEPREFIX/addresses" ]; then
  if setarch -R true 2>/dev/null; then
    echo fixed
  else
    echo random
  fi >"$WINEPREFIX/addresses.$$"
  mv "$WINEPREFIX/addresses.$$" "$WINEPREFIX/addresses"
fi
read -r addresses <"$WINEPREFIX/addresses"
[ "$addresses" != fixed ] || fixed=(setarch -R)

# What the caller left open besides, such as the other end of a pipe that ninja reads.
shut_the_rest() {
  local fd
  for fd in "/proc/$BASHPID/fd"/*; do
    fd=${fd##*/}
    [ "$fd" -le 2 ] || [ "$fd" -eq 255 ] || eval "exec $fd>&-"
  done
}

quietly() (
  shut_the_rest
  exec "${pin[@]}" "${fixed[@]}" "$@" </dev/null >/dev/null 2>&1
)

server_runs() {
  local pid variables IFS=$'\n'
  read -r pid 2>/dev/null <"$WINEPREFIX/server.pid" || return 1
  mapfile -d '' -t variables 2>/dev/null <"/proc/$pid/environ" || return 1
  case $'\n'"${variables[*]}"$'\n' in
  *$'\n'"WINEPREFIX=$WINEPREFIX"$'\n'*) return 0 ;;
  esac
  return 1
}

# In the foreground, so that its process id is known; gone five minutes after its last client.
start_server() {
  (
    shut_the_rest
    exec setsid "${pin[@]}" "$server" -f -p300 </dev/null >/dev/null 2>&1
  ) &
  echo $! >"$WINEPREFIX/server.pid"
}

# Whether the services of this server have been started; else somebody may be about to, under the lock.
services_run() {
  local started pid
  read -r started 2>/dev/null <"$WINEPREFIX/started" && read -r pid 2>/dev/null <"$WINEPREFIX/server.pid" &&
    [ "$started" = "$pid" ]
}

if services_run && server_runs; then
  exec "${pin[@]}" "${fixed[@]}" "$wine" "$@"
fi

exec 9>"$WINEPREFIX/lock"
flock 9
if ! server_runs; then
  start_server
  if [ ! -e "$WINEPREFIX/ready" ]; then
    quietly "$wine" wineboot -i || fail "cannot create the Wine prefix $WINEPREFIX"
    quietly "$wine" reg add 'HKCU\Software\Wine' /v Version /d win10 /f
    quietly "$wine" reg add 'HKCU\Software\Wine\WineDbg' /v ShowCrashDialog /t REG_DWORD /d 0 /f
    # The creation leaves two service managers, each of which knows only half of the services.
    quietly "$server" -k -w || fail "cannot stop the Wine server of $WINEPREFIX"
    start_server
    : >"$WINEPREFIX/ready"
  fi
  quietly "$wine" cmd /c exit || fail "Wine does not start"
  cp "$WINEPREFIX/server.pid" "$WINEPREFIX/started"
fi
exec 9>&-

exec "${pin[@]}" "${fixed[@]}" "$wine" "$@"
