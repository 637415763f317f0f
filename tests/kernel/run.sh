#!/usr/bin/env bash
# run.sh BUILD [TEST_CASES]: the tests of guest.sh on Debian's kernel.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
build=$(realpath "$1")
# shellcheck source-path=SCRIPTDIR source=cache.sh
. "$here/cache.sh"
"$here/kernel.sh" "$cache"
exec "$here/boot.sh" "$cache" 280 "$here/guest.sh" "$build" "${@:2}"
