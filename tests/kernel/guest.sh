#!/usr/bin/env bash
# guest.sh BUILD [TEST_CASES]: the tests of kernel_usb, which plug in and unplug by themselves: they
# write "PORT BUS_ID" to a pipe, and the stock `usbip` tool attaches it.
set -euo pipefail

build=$1
cases=${2:-*}
# shellcheck source-path=SCRIPTDIR source=guest_setup.sh
. "$(dirname "${BASH_SOURCE[0]}")/guest_setup.sh"

mkfifo -m 666 attach
attach_who_asks() {
    # Held open for reading and writing: a writer that goes does not end the loop.
    while read -r port bus_id <&3; do
        usbip --tcp-port "$port" attach -r 127.0.0.1 -b "$bus_id" || true
    done 3<> attach
}
attach_who_asks > attach.log 2>&1 &

say "udevd"
start_udevd
program=/run/opal/build/tests/kernel/kernel_usb
# A filter that matches nothing is no success.
tested() {
    as_user "$program" --no-colors "$@" 2>&1 | tee tested.log
    grep -Eq '^\[doctest\] test cases: +[1-9]' tested.log || { echo "no test case ran"; exit 1; }
}
say "without rules"
tested --test-case="without rules*"
install_rules
say "with rules"
tested --test-case="$cases" --test-case-exclude="without rules*"
say "done"
