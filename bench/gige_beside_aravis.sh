#!/usr/bin/env bash
# gige_beside_aravis.sh OPAL RECEIVE [COLUMNS ROWS SECONDS TIMES]: frames and CPU time of our GigE
# Vision driver and of Aravis, turn about, on the same virtual camera: 10 Gbit/s in packets of 9000
# bytes on a loopback interface of their own. OPAL is the program, RECEIVE bench_camera_receive.
# docs/gige.md has the numbers. Times are of the whole process, opening included.
set -euo pipefail

if [ "${1:-}" != --inside ]; then
    own_network=(unshare -n)  # of root: anybody else's has no real-time priority
    "${own_network[@]}" true 2> /dev/null || own_network=(unshare -rn)
    exec "${own_network[@]}" "$0" --inside "$@"
fi
opal=$(realpath "$2")
receive=$(realpath "$3")
columns=${4:-2048}
rows=${5:-2048}
seconds=${6:-4}
times=${7:-3}
ip link set lo up mtu 9000
folder=$(mktemp -d)
# Real-time priority, where it may be had, keeps other programs of a busy machine out of it.
first=()
chrt -f 50 true 2> /dev/null && first=(chrt -f 50)
"${first[@]}" "$opal" serve --link-mbit 10000 --dmd none --laser none \
    -s medium.storage_limit_mib=0 -s sensor.columns="$columns" -s sensor.rows="$rows" \
    -s sensor.readout_us_per_row=0.1 -s sensor.min_exposure_us=1 > "$folder/serve" 2>&1 &
served=$!
trap 'kill -INT $served; wait $served || true; rm -r "$folder"' EXIT
until "$opal" features gige://127.0.0.1 TestPattern=GreyHorizontalRamp > "$folder/said" 2>&1; do
    kill -0 $served
    sleep 0.2
done
TIMEFORMAT='   %R s, %U s user, %S s system'
for ((i = 0; i < times; ++i)); do
    echo "== Aravis"
    time "${first[@]}" arv-camera-test-0.8 -n 127.0.0.1 --no-packet-socket -a -i 9000 -e 1 \
        -w "$columns" -h "$rows" --duration="$seconds" 2>&1 | tr '\r' '\n' |
        grep -E 'n_(completed|failures|missing_p|transferred)'
    echo "== OPAL"
    time "${first[@]}" "$receive" gige://127.0.0.1 "$columns" "$rows" "$seconds"
done
