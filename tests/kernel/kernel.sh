#!/usr/bin/env bash
# kernel.sh FOLDER: Debian's kernel with its modules in FOLDER, downloaded once and never installed:
#   FOLDER/vmlinux      uncompressed, so that QEMU can start it directly
#   FOLDER/modules/     the modules the guest loads
# Prints why and exits with 77 where it cannot be had.
set -euo pipefail

skip() {
    echo "skipped: $1"
    exit 77
}

folder=$1
[ ! -e "$folder/whole" ] || exit 0
command -v apt-get > /dev/null || skip "no apt-get to download a kernel with"
command -v xz > /dev/null || skip "xz is not installed"
package=$(apt-cache depends linux-image-amd64 2> /dev/null | awk '/Depends:/ { print $2; exit }')
[ -n "$package" ] || skip "apt knows no linux-image-amd64; apt-get update may help"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"
(cd "$work" && apt-get -q download "$package" > log 2>&1) || skip "$package cannot be downloaded"
dpkg-deb -x "$work"/*.deb "$work/tree"
mkdir -p "$folder/modules"
# vmlinuz is a small loader with the kernel behind it, compressed by xz.
image=$(ls "$work"/tree/boot/vmlinuz-*)
offset=$(LC_ALL=C grep -abo -m 1 $'\xfd7zXZ' "$image" | head -n 1 | cut -d: -f1) || true
[ -n "$offset" ] || skip "$package holds no kernel compressed by xz"
# How long it is stands at byte 0x24c; its last four bytes are the size of what it holds
# [Linux, Documentation/arch/x86/boot.rst, payload_length].
length=$(od -An -tu4 -j 588 -N 4 "$image")
head -c "$((offset + length - 4))" "$image" | tail -c "+$((offset + 1))" |
    xz -dc > "$folder/vmlinux" || skip "$package cannot be unpacked to $folder"
[ "$(head -c 4 "$folder/vmlinux" | tail -c 3)" = ELF ] || skip "$package holds no kernel as known"
for module in virtio_ring virtio virtio_pci_legacy_dev virtio_pci_modern_dev virtio_pci \
    failover net_failover virtio_net netfs fscache 9pnet 9pnet_virtio 9p \
    usb-common usbcore usbip-core vhci-hcd hid hid-generic usbhid usbserial ftdi_sio; do
    find "$work/tree" -name "$module.ko" -exec cp {} "$folder/modules/" \;
done
# Others may be built in; these are modules in every kernel of Debian's.
for module in vhci-hcd usbip-core 9p virtio_net; do
    [ -s "$folder/modules/$module.ko" ] || skip "$package holds no $module.ko"
done
touch "$folder/whole"
