# Inside the machine of boot.sh, as root: udevd, and our programs as an ordinary user. Sourced with
# `build` set: the build folder, which may lie where such a user cannot look.
# shellcheck shell=bash

mkdir -p /run/opal/build
mount --bind "${build:?}" /run/opal/build
cd /run/opal || exit 1
opal=/run/opal/build/cli/opal
# The machine's files are read-only here; these are written.
mount -t tmpfs rules /etc/udev/rules.d
mount -t tmpfs sysctl /etc/sysctl.d

say() {
    printf '== %s (%s s)\n' "$1" "$(cut -d' ' -f1 /proc/uptime)"
}
group() {
    getent group "$1" | cut -d: -f3
}
# plugdev is the group of our rules' fallback: there is no session here that uaccess could serve.
# dialout has the serial ports.
as_user() {
    setpriv --reuid 1000 --regid 1000 --groups "$(group plugdev),$(group dialout)" --no-new-privs \
        env OPAL_ATTACH=/run/opal/attach "$@"
}
start_udevd() {
    /lib/systemd/systemd-udevd --daemon
    udevadm trigger --action=add
    udevadm settle
}
# By our own hand: what a user is told to do.
install_rules() {
    "$opal" doctor --fix --yes > doctor.log 2>&1 || { cat doctor.log; exit 1; }
    [ -e /etc/udev/rules.d/70-opal-dlpc900.rules ] || { cat doctor.log; exit 1; }
}
