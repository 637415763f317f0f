#!/usr/bin/env bash
# format.sh TOP [--fix]: compares the layout of all C++ files with .clang-format, or repairs it.
# clang-format is pinned to version 14, because every version breaks lines a little differently.
set -euo pipefail

top=$1
mode=(--dry-run -Werror)
[ "${2:-}" != --fix ] || mode=(-i)

for candidate in clang-format-14 clang-format; do
    if "$candidate" --version 2>/dev/null | grep -q 'version 14\.'; then
        program=$candidate
        break
    fi
done
if [ -z "${program:-}" ]; then
    echo "format: clang-format 14 not found; on Debian: apt-get install clang-format-14" >&2
    exit 1
fi

cd "$top"
find . -type d \( -name .git -o -name 'build*' -o -name 'opal-demo*' \) -prune -o \
    \( -name '*.h' -o -name '*.cpp' \) -print0 |
    xargs -0 -r -n 16 -P 2 "$program" "${mode[@]}" --style=file
