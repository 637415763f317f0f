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
    share/opal/udev/README.md lib/udev/rules.d/70-opal-dlpc900.rules share/doc/opal/LICENSE \
    share/man/man1/opal.1 bin/opal; do
    # shellcheck disable=SC2206  # the pattern is meant to expand: the library folder's name varies
    found=("$prefix"/$file)
    [ -e "${found[0]}" ] || { echo "missing from the installed tree: $file" >&2; exit 1; }
done
"$prefix/bin/opal" --version
"$prefix/bin/opal" --help | sed -n '/^Subcommands:/,/^$/s/^  \([a-z]*\) .*/\1/p' >"$work/commands"
while read -r command; do
    grep -q "^\.BI\{0,1\} $command" "$prefix/share/man/man1/opal.1" ||
        { echo "the manual page does not tell of opal $command" >&2; exit 1; }
done <"$work/commands"
[ -s "$work/commands" ] || { echo "opal --help lists no commands" >&2; exit 1; }

echo "-- find_package(opal): projects a vector through the ideal simulated bench"
cmake -S "$here/consumer" -B "$work/consumer" -G Ninja -DCMAKE_CXX_COMPILER="$compiler" \
    -DCMAKE_CXX_FLAGS="$flags" -DCMAKE_PREFIX_PATH="$prefix" >"$work/configure.log" ||
    { cat "$work/configure.log" >&2; exit 1; }
cmake --build "$work/consumer"
"$work/consumer/project"

echo "-- pkg-config: takes a frame, with every installed header included"
find "$prefix/include/opal" -name '*.h' -printf '#include "%P"\n' | sort >"$work/headers.cpp"
PKG_CONFIG_PATH=$(dirname "$(find "$prefix" -name opal.pc)")
export PKG_CONFIG_PATH
# shellcheck disable=SC2046,SC2086  # words on purpose
"$compiler" $flags $(pkg-config --cflags opal) -o "$work/snapshot" \
    "$here/consumer/snapshot.cpp" "$work/headers.cpp" $(pkg-config --libs opal)
"$work/snapshot"
