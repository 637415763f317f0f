# What is trained on the kernel's bench and on the direct one, and what comes out. Sourced.
# shellcheck shell=bash
# shellcheck disable=SC2034
training=(mnist -m optical --batch 64 --recipe epochs=1 --recipe validation=320
    --recipe pixels=standard --recipe gain=32)
# result JSON NAME: loss and hits of the test part, as one line.
result() {
    sed -n '/"test": {/,/}/ s/.*"\(loss\|correct\)": \([0-9.]*\).*/\2/p' "$1" | paste -sd' ' |
        sed "s/^/RESULT $2 /"
}
