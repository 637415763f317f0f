#!/usr/bin/env bash
# shell.sh TOP: every shell script of the tree, read by shellcheck.
set -euo pipefail

cd "$1"
command -v shellcheck >/dev/null || {
    echo "shell: shellcheck not found; on Debian: apt-get install shellcheck" >&2
    exit 1
}
find . -type d \( -name .git -o -name 'build*' -o -name 'opal-demo*' \) -prune -o -type f -print0 |
    xargs -0 awk 'FNR == 1 && /^#!.*sh$/ { print FILENAME } { nextfile }' |
    xargs -d '\n' shellcheck --external-sources --source-path=SCRIPTDIR .ci/stages.sh
