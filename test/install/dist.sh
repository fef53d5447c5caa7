#!/usr/bin/env bash
# dist.sh WORK-FOLDER: makes the source archive twice, from this repository and from a clone of it
# that was checked out with other settings, compares the bytes, and builds and runs programs from
# what is in it, in a folder with a blank in its name.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
mkdir -p "$1"
work=$(cd "$1" && pwd)/dist-test
rm -rf "$work"
mkdir "$work"

if ! git -C "$root" rev-parse --verify HEAD >/dev/null 2>&1; then
  echo "dist: skipped: this tree is not a clone, there is no commit to pack"
  exit 0
fi
python3 "$root/tools/dist.py" "$work/first"

(
  umask 077
  git clone -q -c core.autocrlf=true -c tar.umask=077 "$root" "$work/clone"
  cp "$root/tools/dist.py" "$work/clone/tools/dist.py"
  TZ=Asia/Tokyo python3 "$work/clone/tools/dist.py" "$work/second" \
    "$(git -C "$root" rev-parse HEAD)"
)
archive=$(cd "$work/first" && echo uvstream-*.tar.gz)
cmp "$work/first/$archive" "$work/second/$archive"

mkdir "$work/a folder"
tar -xzf "$work/first/$archive" -C "$work/a folder"
tree="$work/a folder/${archive%.tar.gz}"
cmake -S "$tree" -B "$tree/build" -DCMAKE_BUILD_TYPE=Debug >"$work/build.log"
cmake --build "$tree/build" --parallel 2 --target echo uvtest_unit relay shout >>"$work/build.log"
(cd "$tree/build" &&
  ctest -R '^(unit\.|examples\.(relay_to_a_|serve_gives_each_))' --output-on-failure | tail -n 3)
echo "dist: $archive, twice the same, builds and runs"
