#!/usr/bin/env bash
# compare_builds.sh SOURCE WORK: renders the golden frames with every compiler, optimisation and
# thread count that must agree, and compares them with the committed hashes.
set -euo pipefail

source=$1
work=$2
launcher=()
if command -v ccache >/dev/null; then launcher=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache); fi

clang="clang++"
command -v "$clang" >/dev/null || clang="clang++-14" # Debian's package clang-14 has no plain name
for compiler in g++ "$clang"; do
    if ! command -v "$compiler" >/dev/null; then
        echo "compare_builds: $compiler is not installed; the claim needs g++ and clang++" >&2
        exit 1
    fi
    for level in -O0 -O3; do
        build=$work/$compiler$level
        mkdir -p "$build"
        {
            cmake -S "$source" -B "$build" -G Ninja -DOPAL_SIM_ONLY=ON -DCMAKE_BUILD_TYPE=Release \
                "-DCMAKE_CXX_FLAGS_RELEASE=$level" "-DCMAKE_CXX_COMPILER=$compiler" \
                "${launcher[@]}" &&
                cmake --build "$build" --target golden_hash -j 2
        } >"$build/build.log" 2>&1 || {
            cat "$build/build.log" >&2
            exit 1
        }
        for arguments in "--threads 1" "--threads 2 --every-target" "--threads 5"; do
            printf '%s %s: ' "$compiler" "$level"
            # shellcheck disable=SC2086 # the arguments are words
            "$build/tests/golden/golden_hash" $arguments --expect "$source/tests/golden/hashes.txt"
        done
    done
done
