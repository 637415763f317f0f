#!/usr/bin/env bash
# bench.sh BUILD [calibrate]: `opal serve` with its DMD and camera on USB, used from Debian's kernel
# by guest_bench.sh.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
build=$(realpath "$1")
seconds=280
[ "${2:-}" != calibrate ] || seconds=1800
# shellcheck source-path=SCRIPTDIR source=cache.sh
. "$here/cache.sh"
"$here/kernel.sh" "$cache"
work=$(mktemp -d)
serve=
end() {
    if [ -n "$serve" ]; then kill "$serve" 2> /dev/null || true; fi
    rm -rf "$work"
}
trap end EXIT
"$build/cli/opal" serve lab -s sensor.rows=192 -s sensor.columns=256 --dmd dlpc900 --camera u3v \
    --laser cobolt --usb-port 0 --bench-file "$work/bench.yaml" > "$work/serve" 2>&1 &
serve=$!
for _ in $(seq 100); do
    [ ! -s "$work/bench.yaml" ] || break
    sleep 0.1
done
cat "$work/serve"
port=$(sed -n 's/.*--tcp-port \([0-9]*\) .*/\1/p' "$work/serve" | head -n 1)
OPAL_GUEST_SERIAL=$(sed -n 's#.*cobolt:\(/dev/pts/[0-9]*\).*#\1#p' "$work/bench.yaml") \
    "$here/boot.sh" "$cache" "$seconds" "$here/guest_bench.sh" "$build" "$port" \
    "$work/bench.yaml" "${2:-}"
