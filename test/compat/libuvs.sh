#!/usr/bin/env bash
# libuvs.sh FOLDER: unpacks into FOLDER the libuv of each Debian of `suites`, below, with the C
# library that it was built for, so that test/compat can be compared with all of them. Nothing is
# installed: apt gets lists and settings of its own, and the packages are only unpacked. What cannot
# be had is said, and is no error; the tests that need it are then skipped by name.
set -eu

suites='bookworm:libuv1 trixie:libuv1t64 sid:libuv1t64'
mirror=${DEBIAN_MIRROR:-http://deb.debian.org/debian}
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
folder=${1:?usage: libuvs.sh FOLDER}

missing() {
  echo "libuvs: no libuv of $1: $2" >&2
}

# Unpacks three packages of a suite into $folder/SUITE, which is there once all of them are.
fetch() {
  local suite=$1 library=$2 apt=$folder/apt-$1 package
  mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial" "$apt/packages"
  echo "deb [signed-by=$keyring] $mirror $suite main" >"$apt/sources.list"
  cat >"$apt/apt.conf" <<END
Dir::Etc::sourcelist "$apt/sources.list";
Dir::Etc::sourceparts "-";
Dir::State::lists "$apt/lists";
Dir::Cache "$apt/cache";
Acquire::Languages "none";
Acquire::Retries "1";
Acquire::http::Timeout "20";
APT::Sandbox::User "$(id -un)";
END
  export APT_CONFIG=$apt/apt.conf
  apt-get -qq update >"$apt/log" 2>&1 || return 1
  (cd "$apt/packages" && apt-get -qq download "$library" libuv1-dev libc6) >>"$apt/log" 2>&1 || return 1
  for package in "$apt"/packages/*.deb; do
    dpkg -x "$package" "$apt/root" || return 1
  done
  mv "$apt/root" "$folder/$suite"
  rm -rf "$apt"
}

if [ "$(uname -sm)" != 'Linux x86_64' ] || ! command -v apt-get >/dev/null || [ ! -f "$keyring" ]; then
  missing 'any Debian' 'this is no Debian on x86-64'
  exit 0
fi
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
for entry in $suites; do
  suite=${entry%%:*}
  [ -d "$folder/$suite" ] && continue
  if ! fetch "$suite" "${entry#*:}"; then
    missing "$suite" "see $folder/apt-$suite/log"
  fi
done
