# Shell functions shared by ./check and ./demo: run a stage with its title and time, and install
# missing packages. Sourced, never run, by a script that has set `root`, the top of the tree.
# shellcheck shell=bash

fail() {
    printf '%s: %s\n' "${0##*/}" "$*" >&2
    exit 1
}

# stage TITLE COMMAND...: says what starts, runs it, says how long it took; stops at a failure.
stage_times=""
stage() {
    local title=$1 begin=$SECONDS status=0
    shift
    printf '== %s\n' "$title"
    "$@" || status=$?
    local took=$((SECONDS - begin))
    stage_times+=$(printf '%-34s %5d s' "$title" "$took")$'\n'
    if [ "$status" -ne 0 ]; then
        printf '== %s: failed after %d s\n' "$title" "$took" >&2
        exit "$status"
    fi
    printf '== %s: done in %d s\n' "$title" "$took"
}

# wanted_packages WHO: the packages of packages.txt for `build` and for WHO.
wanted_packages() {
    awk -v who="$1" '/^#/ || NF < 2 { next } $1 == "build" || $1 == who { print $2 }' \
        "${root:?}/packages.txt"
}

missing_packages() {
    local package
    for package in $(wanted_packages "$1"); do
        [ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null)" = installed ] ||
            printf '%s ' "$package"
    done
}

# quiet_apt ARGUMENTS: apt-get without questions. Its output shows only if it fails, with the
# names of the package mirrors left out.
quiet_apt() {
    local log status=0
    log=$(mktemp)
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y \
        -o Acquire::Retries=3 -o DPkg::Lock::Timeout=300 "$@" </dev/null >"$log" 2>&1 || status=$?
    if [ "$status" -ne 0 ]; then
        tail -n 25 "$log" |
            sed -E "s#[a-z]+://[^ ]+#<mirror>#g; s#[a-zA-Z0-9-]+(\.[a-zA-Z0-9-]+)+:[0-9]+#<mirror>#g
                    s#'[a-zA-Z0-9-]+(\.[a-zA-Z0-9-]+)+'#<mirror>#g" >&2
    fi
    rm -f "$log"
    return "$status"
}

# install_packages WHO: installs what is missing; touches nothing, and needs no network, otherwise.
install_packages() {
    if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
        fail "this is not Debian; install the equivalents of packages.txt, then use cmake --preset"
    fi
    local missing
    missing=$(missing_packages "$1")
    if [ -z "$missing" ]; then
        echo "all $(wanted_packages "$1" | wc -l) packages are there"
        return
    fi
    echo "installing: $missing"
    as_root=""
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null || fail "not root and no sudo; as root: apt-get install $missing"
        as_root=sudo
        [ -t 0 ] || as_root="sudo -n"
    fi
    quiet_apt update || fail "apt-get update failed"
    # shellcheck disable=SC2086  # a list of words on purpose
    quiet_apt install --no-install-recommends $missing || fail "apt-get install failed"
}
