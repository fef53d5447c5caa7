#!/usr/bin/env bash
# debian.sh WORK-FOLDER: builds the packages of packaging/debian from the source archive of the last
# commit, as Debian would, has lintian look at them, and builds a program with what is in them.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
mkdir -p "$1"
work=$(cd "$1" && pwd)/debian-test
rm -rf "$work"
mkdir "$work"

for tool in dpkg-buildpackage dh help2man lintian; do
  command -v "$tool" >/dev/null 2>&1 || {
    echo "debian: SKIPPED: there is no $tool here"
    exit 0
  }
done
python3 "$root/tools/dist.py" "$work" >/dev/null
archive=$(basename "$work"/uvstream-*.tar.gz)
version=${archive#uvstream-}
version=${version%.tar.gz}
mv "$work/$archive" "$work/uvstream_$version.orig.tar.gz"
mkdir "$work/tree"
tar -xzf "$work/uvstream_$version.orig.tar.gz" -C "$work/tree" --strip-components=1
cp -R "$work/tree/packaging/debian" "$work/tree/debian"

grep -q "^uvstream ($version-" "$work/tree/debian/changelog" || {
  echo "debian: the changelog of the package does not begin with version $version"
  exit 1
}
(cd "$work/tree" && DEB_BUILD_OPTIONS="noautodbgsym parallel=2" dpkg-buildpackage -us -uc -b) \
  >"$work/build.log" 2>&1 || {
  tail -n 40 "$work/build.log"
  exit 1
}
# The first upload of a package closes a bug by which it was asked for; nobody has asked yet.
lintian --fail-on error,warning --suppress-tags initial-upload-closes-no-bugs \
  --allow-root "$work"/*.changes

mkdir "$work/inside"
for package in "$work"/*.deb; do
  dpkg-deb -x "$package" "$work/inside"
done
pc=$(dirname "$(find "$work/inside" -name uvstream.pc)")
flags=()
eval "flags=($(PKG_CONFIG_PATH=$pc pkg-config --cflags --libs uvstream))" # it quotes blanks
cc "$root/test/install/consumer.c" "${flags[@]}" -o "$work/consumer"
LD_LIBRARY_PATH=$(dirname "$pc") "$work/consumer"
man -l --warnings "$work/inside/usr/share/man/man1/relay.1.gz" >"$work/relay.txt" 2>&1
grep -q -- '--one-way' "$work/relay.txt"
"$work/inside/usr/bin/relay" --version
packages=("$work"/*.deb)
echo "debian: ${#packages[@]} packages built and looked at"
