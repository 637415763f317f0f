#!/usr/bin/env bash
# bench.sh BUILD [train|selftest]: `opal serve` with its DMD and camera on USB, used from Debian's
# kernel by guest_bench.sh. The optics stay on this side: only the user's program is emulated.
# train: calibrates there and trains a little, and here on the direct bench: the results have to be
# the same.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
build=$(realpath "$1")
what=${2:-look}
opal=$build/cli/opal
case $what in
    look) scene=(lab -s sensor.rows=192 -s sensor.columns=256) seconds=280 ;;
    train | selftest) scene=("$here/exact.yaml") seconds=880 ;;
esac
pictures=${OPAL_FASHION_MNIST:-/usr/share/datasets/fashion-mnist}
if [ "$what" = train ] && [ ! -e "$pictures/train-images-idx3-ubyte.gz" ]; then
    echo "skipped: no Fashion-MNIST in $pictures"
    exit 77
fi
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
chmod 755 "$work"
# More threads than one only get in each other's way: of the emulated processor, and of the bench.
export OPENBLAS_NUM_THREADS=1
"$opal" serve "${scene[@]}" --dmd dlpc900 --camera u3v --laser cobolt --usb-port 0 \
    --scene-file "$work/served.yaml" --bench-file "$work/bench.yaml" > "$work/serve" 2>&1 &
serve=$!
for _ in $(seq 600); do
    [ ! -s "$work/bench.yaml" ] || break
    kill -0 "$serve" || break
    sleep 0.1
done
cat "$work/serve"
port=$(sed -n 's/.*--tcp-port \([0-9]*\) .*/\1/p' "$work/serve" | head -n 1)
[ "$what" != train ] || "$here/thin_pictures.sh" "$pictures" "$work/pictures"
status=0
OPAL_GUEST_SERIAL=$(sed -n 's#.*cobolt:\(/dev/pts/[0-9]*\).*#\1#p' "$work/bench.yaml") \
    "$here/boot.sh" "$cache" "$seconds" "$here/guest_bench.sh" "$build" "$port" "$work" "$what" |
    tee "$work/guest" || status=$?
[ "$status" -eq 0 ] || exit "$status"
[ "$what" = train ] || exit 0

# The same here, straight on the table.
# shellcheck source-path=SCRIPTDIR source=training.sh
. "$here/training.sh"
export XDG_STATE_HOME=$work/state
"$opal" calibrate --bench "sim:$work/served.yaml" --calibration "$work/direct.h5" > /dev/null 2>&1
"$opal" train "${training[@]}" -d "$work/pictures" --bench "sim:$work/served.yaml" \
    --calibration "$work/direct.h5" --json "$work/direct.json" > /dev/null
result "$work/direct.json" direct | tee "$work/direct"
# Loss and hits of the test. A pixel of one frame that is rounded the other way moves the loss by
# less than a ten-thousandth; other feedback, even another quantiser's seed, by a hundredth.
awk '
    $1 == "RESULT" { loss[$2] = $3; hits[$2] = $4 }
    END {
        apart = loss["usb"] - loss["direct"]
        if (apart < 0) apart = -apart
        more = hits["usb"] - hits["direct"]
        if (more < 0) more = -more
        printf "loss differs by %g, hits by %d of 200\n", apart, more
        exit !(loss["usb"] > 0 && apart < 1e-3 * loss["direct"] && more <= 2)
    }' "$work/guest" "$work/direct"
