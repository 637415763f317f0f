#!/usr/bin/env bash
# guest_bench.sh BUILD PORT FOLDER look|train|selftest: a user's day with a bench on USB: plug in,
# look what is there, calibrate, train, or test it. The bench is served by the machine outside,
# which left its file and pictures in FOLDER; its laser is this machine's ttyS1.
set -euo pipefail

build=$1
port=$2
# shellcheck source-path=SCRIPTDIR source=guest_setup.sh
. "$(dirname "${BASH_SOURCE[0]}")/guest_setup.sh"
folder=$3
what=$4
sed 's#cobolt:/dev/pts/[0-9]*#cobolt:/dev/ttyS1#' "$folder/bench.yaml" > bench.yaml
chmod 755 . && chmod 644 bench.yaml

say "udevd and rules"
start_udevd
install_rules
say "plug in"
for bus_id in 1-1 1-2; do
    usbip --tcp-port "$port" attach -r 10.0.2.2 -b "$bus_id"
done
sleep 1
udevadm settle
say "opal devices"
as_user "$opal" devices --seconds 0.2 | tee devices
grep -q '^dlpc900:SIM-1 .* may be opened' devices
grep -q '^u3v:SIM-1 .* may be opened' devices
say "opal doctor"
# The camera wants more memory than the kernel gives: a problem until root allows it.
status=0
as_user "$opal" doctor > findings || status=$?
grep -q '^problem .* 16 MiB .*usbfs_memory_mb' findings
[ "$status" -eq 3 ]
"$opal" doctor --fix --yes > /dev/null
as_user "$opal" doctor --all
if [ "$what" = look ]; then
    say "opal features"
    as_user "$opal" features u3v:SIM-1 --plain > camera
    grep -q '^SensorWidth = 256$' camera
    say "opal standby"
    for _ in once twice; do
        as_user "$opal" standby dlpc900:SIM-1 | grep '^dlpc900:SIM-1 is in standby'
    done
fi
# One thread: two of them would wait for each other on an emulated processor.
export OPENBLAS_NUM_THREADS=1
if [ "$what" = selftest ]; then
    say "opal selftest"
    as_user "$opal" selftest --bench bench.yaml --checks-only 2>&1 | cat
fi
if [ "$what" = train ]; then
    # shellcheck source-path=SCRIPTDIR source=training.sh
    . "$(dirname "${BASH_SOURCE[0]}")/training.sh"
    say "opal calibrate"
    as_user "$opal" calibrate --bench bench.yaml --calibration /run/tmp/record.h5 2>&1 | cat
    say "opal train"
    as_user "$opal" train "${training[@]}" -d "$folder/pictures" --bench bench.yaml \
        --calibration /run/tmp/record.h5 --json /run/tmp/usb.json 2>&1 | cat
    result /run/tmp/usb.json usb
fi
say "done"
