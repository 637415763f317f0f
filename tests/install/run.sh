#!/usr/bin/env bash
# run.sh BUILD COMPILER FLAGS: what `cmake --install BUILD` leaves is complete, can be moved, and
# serves foreign projects by find_package(opal) and by pkg-config.
set -euo pipefail

build=$1
compiler=$2
flags=$3
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

echo "-- install, then move the prefix"
cmake --install "$build" --prefix "$work/first" >"$work/install.log"
mv "$work/first" "$work/moved"
prefix=$work/moved

echo "-- what must be there"
for file in include/opal/hal/bench.h lib*/cmake/opal/opalConfig.cmake share/opal/scenes/lab.yaml \
    share/opal/udev/README.md share/doc/opal/LICENSE bin/opal; do
    # shellcheck disable=SC2206  # the pattern is meant to expand: the library folder's name varies
    found=("$prefix"/$file)
    [ -e "${found[0]}" ] || { echo "missing from the installed tree: $file" >&2; exit 1; }
done
# --version and the foreign programs below run without the build tree's help.
"$prefix/bin/opal" --version

echo "-- headers stand alone: every one compiles with nothing before it"
find "$prefix/include/opal" -name '*.h' -printf '#include "%P"\n' | sort >"$work/all_headers.cpp"

echo "-- find_package(opal)"
cmake -S "$here/consumer" -B "$work/consumer" -G Ninja -DCMAKE_CXX_COMPILER="$compiler" \
    -DCMAKE_CXX_FLAGS="$flags" -DCMAKE_PREFIX_PATH="$prefix" >"$work/configure.log" ||
    { cat "$work/configure.log" >&2; exit 1; }
cmake --build "$work/consumer"
"$work/consumer/consumer"

echo "-- pkg-config"
pc_folder=$(dirname "$(find "$prefix" -name opal.pc)")
export PKG_CONFIG_PATH=$pc_folder
# shellcheck disable=SC2046,SC2086  # words on purpose
"$compiler" $flags $(pkg-config --cflags opal) -o "$work/consumer_pc" \
    "$here/consumer/consumer.cpp" "$work/all_headers.cpp" $(pkg-config --libs opal)
"$work/consumer_pc"
