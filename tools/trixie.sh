#!/usr/bin/env bash
# Debian trixie in a folder, build/trixie: a newer Wine, and compilers that this system may not have.
#
#   trixie.sh make               makes or completes it, from the mirror that this machine's apt uses
#   trixie.sh run COMMAND...     runs a command in it, with this checkout in its place
#
# Needs root and Debian's debootstrap. Where it cannot be had, what is missing is said and the exit code
# is 77. All that runs in it is in a process and a mount namespace of its own, so that nothing stays
# running or mounted when `run` ends, however it ends; not even a Wine server.
# shellcheck disable=SC2016 # What is in quotes is for the shells that are started.
set -eu
cd "$(dirname "$0")/.."

root=$PWD/build/trixie
packages='
ca-certificates gcc g++ clang libclang-rt-19-dev libc6-dev cmake ninja-build python3 pkg-config git
libuv1-dev util-linux procps netcat-openbsd socat curl
gcc-mingw-w64-ucrt64 g++-mingw-w64-ucrt64 wine64 wine32:i386
'

cannot() {
  echo "trixie: skipped: $*" >&2
  exit 77
}

# The first place that a file of apt's names for Debian itself, in either of the two formats.
mirror() {
  cat /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null |
    grep -oE '^(URIs:|deb)[^#]*[a-z]+://[^ ]+/debian/?( |$)' | grep -oE '[a-z]+://[^ ]+' | head -n 1
}

# In namespaces: what is mounted here is not seen by anybody else, and is gone with the last process.
alone() {
  unshare --mount --propagation private --pid --fork --kill-child=KILL -- "$@"
}

inside() {
  alone bash -euc '
    root=$1 here=$2
    shift 2
    mount -t proc proc "$root/proc"
    mount -t sysfs -o ro sysfs "$root/sys"
    mount --bind /dev "$root/dev"
    mount -t devpts -o newinstance,ptmxmode=0666,mode=0620,gid=5 devpts "$root/dev/pts"
    mount --bind "$root/dev/pts/ptmx" "$root/dev/ptmx"
    mount -t tmpfs tmpfs "$root/dev/shm"
    mount -t tmpfs tmpfs "$root/tmp"
    if [ -n "$here" ]; then
      mkdir -p "$root$here"
      mount --bind "$here" "$root$here"
    fi
    # A process of its own beside the first of the namespace, which takes what is left behind. It would
    # not hear of a Ctrl+C; when the first ends, so do all.
    trap "exit 130" INT TERM
    chroot "$root" "$@" &
    wait "$!"
  ' trixie "$root" "$@"
}

make_root() {
  local from
  from=$(mirror)
  from=${from:-http://deb.debian.org/debian}
  if [ ! -e "$root/.made" ]; then
    echo "trixie: made from $from"
    rm -rf "$root"
    mkdir -p "$root"
    alone debootstrap --variant=minbase --include=ca-certificates trixie "$root" "$from"
    echo force-unsafe-io >"$root/etc/dpkg/dpkg.cfg.d/unsafe-io"
    : >"$root/.made"
  fi
  if [ "$(cat "$root/.packages" 2>/dev/null)" != "$packages" ]; then
    inside "" env DEBIAN_FRONTEND=noninteractive bash -euc '
      dpkg --add-architecture i386
      apt-get update -q
      # shellcheck disable=SC2086
      apt-get install -q -y --no-install-recommends $1
      apt-get clean
    ' trixie "$packages"
    echo "$packages" >"$root/.packages"
  fi
  echo "trixie: $(du -sh "$root" | cut -f 1) in $root"
}

[ "$(uname -s)" = Linux ] || cannot "this is no Linux"
[ "$(id -u)" -eq 0 ] || cannot "only root can change the root of a process"
command -v apt-get >/dev/null || cannot "this is no Debian"
if ! command -v debootstrap >/dev/null; then
  apt-get install -q -y --no-install-recommends debootstrap || cannot "there is no debootstrap"
fi
[ -e /usr/share/debootstrap/scripts/trixie ] || cannot "debootstrap does not know trixie"
unshare --mount --pid --fork true 2>/dev/null || cannot "no namespaces can be made here"

verb=${1:-}
[ $# -eq 0 ] || shift
case $verb in
make) make_root ;;
run)
  [ -e "$root/.packages" ] || make_root
  here=$PWD
  inside "$here" env -i PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin HOME=/root LANG=C.UTF-8 \
    bash -euc 'cd "$1"; shift; exec "$@"' trixie "$here" "$@"
  ;;
*)
  echo "usage: trixie.sh make | run COMMAND..." >&2
  exit 2
  ;;
esac
