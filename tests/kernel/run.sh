#!/usr/bin/env bash
# run.sh BUILD [TEST_CASES]: the tests of guest.sh on Debian's kernel.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=${OPAL_KERNEL_CACHE:-${XDG_CACHE_HOME:-${HOME:-/nonexistent}/.cache}/opal/kernel}
mkdir -p "$cache" 2> /dev/null || cache=$1/tests/kernel/cache
"$here/kernel.sh" "$cache"
exec "$here/boot.sh" "$cache" 280 "$here/guest.sh" "$@"
