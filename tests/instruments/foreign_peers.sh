#!/usr/bin/env bash
# foreign_peers.sh OPAL TEST_PROGRAM: GigE Vision with other people's software, both directions, in
# a network namespace of its own: nothing leaves it, nothing of the machine's gets in.
#   our driver (TEST_PROGRAM) on Aravis' fake camera; Aravis' tools on `opal serve`
set -euo pipefail

skip() {
    echo "skipped: $1"
    exit 0
}
fail() {
    echo "FAILED: $1"
    exit 1
}

if [ "${1:-}" != inside ]; then
    for tool in ip arv-tool-0.8 arv-fake-gv-camera-0.8 arv-camera-test-0.8; do
        command -v "$tool" > /dev/null || skip "$tool is not installed"
    done
    spaces=(unshare -n)
    "${spaces[@]}" true 2> /dev/null || spaces=(unshare -rn)
    "${spaces[@]}" true 2> /dev/null || skip "no network namespaces on this machine"
    exec "${spaces[@]}" "$0" inside "$1" "$2"
fi
opal=$2
program=$3
ip link set lo up
folder=$(mktemp -d)
peer=
end() {
    if [ -n "$peer" ]; then kill "$peer" 2> /dev/null || true; fi
    rm -rf "$folder"
}
trap end EXIT

# Waits until `opal devices` sees a camera of this serial number.
await() {
    for _ in $(seq 20); do
        "$opal" devices --seconds 0.5 2> /dev/null | grep -q "serial $1" && return 0
    done
    fail "camera $1 did not come up"
}
# number NAME: a figure of arv-camera-test's statistics.
number() {
    sed -n "s/^$1 *= //p" "$folder/stream"
}
serve() {
    "$opal" serve lab -s sensor.rows=240 -s sensor.columns=320 -s dmd.macro_pixel_px=60 "$@" \
        > "$folder/serve" 2>&1 &
    peer=$!
}

# on_aravis CASES [OPTION VALUE]: test cases of ours on a fresh camera of Aravis'.
on_aravis() {
    arv-fake-gv-camera-0.8 -i 127.0.0.1 -s GV01 "${@:2}" > "$folder/fake" 2>&1 &
    peer=$!
    await GV01
    OPAL_PEER=$peer "$program" "$1" > "$folder/cases" 2>&1 || {
        kill -CONT "$peer"
        cat "$folder/cases"
        fail "our driver on Aravis' camera: $1"
    }
    grep -q '| 0 failed' "$folder/cases" || fail "no test case is called $1"
    grep '^\[doctest\] test cases' "$folder/cases"
    kill "$peer"
    wait "$peer" 2> /dev/null || true
}

echo "== our driver on Aravis' fake camera"
on_aravis "--test-case-exclude=lossy*,frozen*"
on_aravis "--test-case=lossy*" -r 20
on_aravis "--test-case=frozen*"

echo "== Aravis' tools on our camera"
serve --light 20 --serial OURS
await OURS
arv-tool-0.8 > "$folder/list"
grep -q 'OPAL-VirtualGigE-OURS (127.0.0.1)' "$folder/list" || fail "arv-tool does not list it"

# The same names and values from both: ours as NAME = VALUE, Aravis' lines brought to that form.
"$opal" features gige://127.0.0.1 --plain > "$folder/ours"
arv-tool-0.8 -a 127.0.0.1 values > "$folder/values"
sed -nE "s/^ *[A-Za-z]+ *: \[R[OW]\] '([A-Za-z0-9]+)' = '?([^' ]*)'?.*$/\1 = \2/p" \
    "$folder/values" > "$folder/theirs"
[ "$(wc -l < "$folder/theirs")" -gt 30 ] || fail "arv-tool shows too few values"
python3 - "$folder/ours" "$folder/theirs" << 'PYTHON' || fail "values differ"
import ipaddress
import sys

def read(path):
    pairs = (line.rstrip("\n").split(" = ", 1) for line in open(path))
    return {name: value.split(" ")[0] for name, value in pairs}

def number(text):
    for kind in (lambda t: float(int(t, 0)), float, lambda t: float(int(ipaddress.ip_address(t)))):
        try:
            return kind(text)
        except ValueError:
            pass
    return text

ours, theirs = read(sys.argv[1]), read(sys.argv[2])
del theirs["GevCCP"]  # Aravis takes control to look
wrong = [f"{n}: ours {ours.get(n)!r}, Aravis {v!r}" for n, v in theirs.items()
         if n not in ours or number(ours[n]) != number(v)]
print("\n".join(wrong) or f"{len(theirs)} values agree")
sys.exit(bool(wrong))
PYTHON

"$opal" features gige://127.0.0.1 Width=128 ExposureTime=250.5 > "$folder/written"
grep -q 'ExposureTime = 250.5' "$folder/written" || fail "a write through opal features"
arv-tool-0.8 -a 127.0.0.1 control Width > "$folder/seen"
grep -q '128' "$folder/seen" || fail "Aravis does not see what we wrote"
if "$opal" features gige://127.0.0.1 Width=99999 2> /dev/null; then fail "Width=99999 passed"; fi

# Frames that were announced and not completed, and frames of which nothing came. Retention long
# enough for a busy machine.
none_failed() {
    [ "$(number n_failures)" = 0 ] || fail "$(number n_failures) frames failed with $1"
    [ "$(number n_missing_frames)" = 0 ] || fail "frames are missing with $1"
    [ "$(number n_size_mismatch_errors)" = 0 ] || fail "sizes differ with $1"
}

for way in "-f 20" "-o 10" "-t Line0"; do
    # shellcheck disable=SC2086 # an option and its value
    timeout 60 arv-camera-test-0.8 -n 127.0.0.1 --no-packet-socket -a -m 2000 -w 128 -h 96 $way \
        --duration=2 > "$folder/stream" 2>&1 || fail "arv-camera-test $way"
    echo "$way: $(number n_completed_buffers) complete, $(number n_failures) failed"
    [ "$(number n_completed_buffers)" -ge 10 ] || fail "arv-camera-test $way"
    none_failed "$way"
done

# refused PROGRAM...: it must not get control, and be told so at once: a camera that keeps silent
# costs 2.5 s.
refused() {
    local begin=${EPOCHREALTIME/./}
    if timeout 20 "$@" > "$folder/second" 2>&1 && ! grep -qi 'access.denied' "$folder/second"; then
        fail "a second client got control: $*"
    fi
    local took_ms=$(((${EPOCHREALTIME/./} - begin) / 1000))
    echo "second client refused after $took_ms ms: $1"
    [ "$took_ms" -lt 2000 ] || fail "a second client waits $took_ms ms to be refused: $*"
}
timeout 60 arv-camera-test-0.8 -n 127.0.0.1 --no-packet-socket -a -m 2000 -w 128 -h 96 -f 20 \
    --duration=5 > "$folder/stream" 2>&1 &
first=$!
until "$opal" devices 127.0.0.1 2> /dev/null | grep -q 'in use by 127.0.0.1'; do
    kill -0 "$first"
done
refused "$opal" features gige://127.0.0.1 Width=64
grep -q 'another program controls it' "$folder/second" || fail "not told why"
refused arv-tool-0.8 -a 127.0.0.1 control Width=64
wait "$first" || fail "the first client with others around"
[ "$("$opal" features gige://127.0.0.1 Width | sed -n 's/^Width = //p' | cut -d' ' -f1)" = 128 ] ||
    fail "the second client changed something"
none_failed "other clients around"
kill -INT "$peer"
status=0
wait "$peer" || status=$?
[ "$status" = 130 ] || fail "opal serve ended with exit code $status after Ctrl-C"

echo "== loss: Aravis asks for packets again"
serve --lose 0.01 --serial LOSSY
await LOSSY
timeout 60 arv-camera-test-0.8 -n 127.0.0.1 --no-packet-socket -a -m 2000 -f 20 --duration=2 \
    > "$folder/stream" 2>&1 || fail "arv-camera-test with loss"
echo "loss: $(number n_resent_packets) packets sent again, $(number n_completed_buffers) complete"
[ "$(number n_resent_packets)" -ge 5 ] || fail "no packet was sent again"
none_failed loss
echo "all peers agree"
