#!/usr/bin/env bash
# boot.sh KERNEL_FOLDER SECONDS SCRIPT [ARGUMENT...]: runs SCRIPT as root on a machine of its own:
# QEMU without acceleration, Debian's kernel, this machine's files read-only. Its output is
# printed; $OPAL_GUEST_SERIAL is its ttyS1. The exit code is the script's, 77 (skipped) where there
# is no QEMU, 124 if it hung.
set -euo pipefail

skip() {
    echo "skipped: $1"
    exit 77
}

kernel=$1
seconds=$2
shift 2
for tool in qemu-system-x86_64 busybox cpio; do
    command -v "$tool" > /dev/null || skip "$tool is not installed"
done
"$(command -v busybox)" insmod --help > /dev/null 2>&1 || skip "busybox has no insmod"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The first file system: busybox, modules, and what to run.
mkdir -p "$work/root/bin"
cp "$(command -v busybox)" "$work/root/bin/"
cp -r "$kernel/modules" "$work/root/"
printf '%q ' "$@" > "$work/root/command"
cat > "$work/root/init" << 'INIT'
#!/bin/busybox sh
PATH=/bin
busybox mkdir -p /dev /proc /sys /host
busybox mount -t devtmpfs dev /dev
busybox mount -t proc proc /proc
busybox mount -t sysfs sys /sys
# In the order of their dependencies; what this kernel has built in is not there as a module.
for module in virtio_ring virtio virtio_pci_legacy_dev virtio_pci_modern_dev virtio_pci \
    failover net_failover virtio_net netfs fscache 9pnet 9pnet_virtio 9p \
    usb-common usbcore usbip-core vhci-hcd hid hid-generic usbhid usbserial ftdi_sio; do
    [ ! -e "/modules/$module.ko" ] || busybox insmod "/modules/$module.ko"
done
busybox mount -t 9p -o trans=virtio,version=9p2000.L,msize=512000,cache=loose,ro host /host
busybox mount -t proc proc /host/proc
busybox mount -t sysfs sys /host/sys
busybox mount -t devtmpfs dev /host/dev
busybox mount -t tmpfs run /host/run
busybox mkdir -p /host/run/tmp
busybox chmod 1777 /host/run/tmp
busybox ifconfig lo 127.0.0.1 up
busybox ifconfig eth0 10.0.2.15 up
# Not chroot: udev's tools look whether they are in one, and then do nothing.
{
    echo '#!/bin/sh'
    echo 'env -i HOME=/run/tmp TMPDIR=/run/tmp TERM=dumb PATH=/usr/sbin:/usr/bin:/sbin:/bin \'
    echo "    $(busybox cat /command)"
    echo 'echo "OPAL-GUEST-EXIT $?"'
    echo 'busybox poweroff -f'
} > /host/run/start
busybox chmod +x /host/run/start
exec busybox switch_root /host /run/start < /dev/null > /dev/console 2>&1
INIT
chmod +x "$work/root/init"
(cd "$work/root" && find . | cpio -o -H newc --quiet) > "$work/initramfs"

# A second serial port, if there is something to be behind it.
second=()
[ -z "${OPAL_GUEST_SERIAL:-}" ] || second=(-serial "$OPAL_GUEST_SERIAL")
status=0
timeout --foreground "$seconds" qemu-system-x86_64 \
    -accel tcg -M pc -cpu Nehalem -smp 2 -m 768 -nodefaults -no-user-config -display none \
    -no-reboot \
    -serial stdio "${second[@]}" -kernel "$kernel/vmlinux" -initrd "$work/initramfs" \
    -append "console=ttyS0 quiet loglevel=1 mitigations=off panic=-1 rdinit=/init" \
    -virtfs local,path=/,mount_tag=host,security_model=none,readonly=on,multidevs=remap \
    -netdev user,id=net -device virtio-net-pci,netdev=net,romfile= \
    < /dev/null | stdbuf -oL tr -d '\r' | tee "$work/output" || status=$?
guest=$(sed -n 's/^OPAL-GUEST-EXIT //p' "$work/output" | tail -n 1)
[ -n "$guest" ] && exit "$guest"
[ "$status" -ne 0 ] || status=1
echo "the guest said no exit code (QEMU: $status)" >&2
exit "$status"
