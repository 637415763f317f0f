#!/usr/bin/env bash
# guest.sh BUILD [TEST_CASES]: what happens inside the machine of boot.sh, as root: a real udevd
# with our rules, the stock `usbip` tool for whoever writes "PORT BUS_ID" to a pipe, and our
# programs as an ordinary user. The build folder may lie where such a user cannot look.
set -euo pipefail

build=$1
cases=${2:-*}
mkdir -p /run/opal/build
mount --bind "$build" /run/opal/build
cd /run/opal

say() {
    printf '== %s (%s s)\n' "$1" "$(cut -d' ' -f1 /proc/uptime)"
}
# The group of the rules' fallback: there is no session here that uaccess could serve.
plugdev=$(getent group plugdev | cut -d: -f3)
as_user() {
    setpriv --reuid 1000 --regid 1000 --groups "$plugdev" --no-new-privs \
        env OPAL_ATTACH=/run/opal/attach "$@"
}

mkfifo -m 666 attach
attach_who_asks() {
    # Held open for reading and writing: a writer that goes does not end the loop.
    while read -r port bus_id <&3; do
        usbip --tcp-port "$port" attach -r 127.0.0.1 -b "$bus_id" || true
    done 3<> attach
}
attach_who_asks > attach.log 2>&1 &

say "udevd"
/lib/systemd/systemd-udevd --daemon
udevadm trigger --action=add
udevadm settle

program=/run/opal/build/tests/kernel/kernel_usb
say "without rules"
as_user "$program" --no-colors --test-case="without rules*"
# The machine's files are read-only here; these are written.
mount -t tmpfs rules /etc/udev/rules.d
mount -t tmpfs sysctl /etc/sysctl.d
opal=/run/opal/build/cli/opal
"$opal" doctor --fix --yes > doctor.log 2>&1 || { cat doctor.log; exit 1; }
[ -e /etc/udev/rules.d/70-opal-dlpc900.rules ] || { cat doctor.log; exit 1; }
say "with rules"
as_user "$program" --no-colors --test-case="$cases" \
    --test-case-exclude="without rules*"
say "done"
