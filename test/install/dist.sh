#!/usr/bin/env bash
# dist.sh WORK-FOLDER: makes the source archive twice, from this repository and from a clone of it
# that was checked out with other settings, compares the bytes, and builds and runs a program from
# what is in it.
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

tar -xzf "$work/first/$archive" -C "$work"
tree=$work/${archive%.tar.gz}
cmake -S "$tree" -B "$work/build" -DCMAKE_BUILD_TYPE=Debug >"$work/build.log"
cmake --build "$work/build" --parallel 2 --target echo uvtest_unit >>"$work/build.log"
(cd "$work/build" && ctest -R '^unit\.' --output-on-failure | tail -n 3)
echo "dist: $archive, twice the same, builds and runs"
