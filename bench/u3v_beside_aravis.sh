#!/usr/bin/env bash
# u3v_beside_aravis.sh BUILD RECEIVE: CPU time and frames of our USB3 Vision driver and of Aravis,
# one after the other, on the same virtual camera and Debian's kernel in QEMU (tests/kernel). BUILD
# is a build folder with cli/opal, RECEIVE the program bench_camera_receive. docs/u3v.md has the
# numbers. Aravis opens the camera much more slowly: subtract its short run from its long one.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
if [ "${1:-}" != --in-guest ]; then
    build=$(realpath "$1")
    receive=$(realpath "$2")
    cache=${OPAL_KERNEL_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/opal/kernel}
    "$here/../tests/kernel/kernel.sh" "$cache"
    exec "$here/../tests/kernel/boot.sh" "$cache" 280 "$here/u3v_beside_aravis.sh" --in-guest \
        "$build/cli/opal" "$receive"
fi

opal=$2
receive=$3
columns=1024
rows=1024
mkdir -p /run/udev
/lib/systemd/systemd-udevd --daemon
"$opal" serve --camera u3v -s medium.storage_limit_mib=0 --dmd none --laser none \
    -s sensor.columns=$columns -s sensor.rows=$rows \
    -s sensor.readout_us_per_row=30 -s sensor.min_exposure_us=1 > /run/serve.log 2>&1 &
for _ in $(seq 20); do
    usbip attach -r 127.0.0.1 -b 1-1 2> /dev/null && break
    sleep 1
done
for _ in $(seq 20); do
    "$opal" features u3v: TestPattern=GreyHorizontalRamp > /dev/null 2>&1 && break
    sleep 1
done
cat /run/serve.log
TIMEFORMAT='%U s user, %S s system'
for seconds in 3 13; do
    echo "== Aravis, $seconds s"
    time arv-camera-test-0.8 -w $columns -h $rows -e 10 --duration=$seconds 2>&1 |
        tr '\r' '\n' | grep -E 'n_(completed|failures|underruns|transferred)'
done
echo "== OPAL, 10 s (its own figure leaves opening out)"
time "$receive" u3v: $columns $rows 10
