# Where the kernel is kept. Sourced with `build` set: the build folder, if there is no home.
# shellcheck shell=bash
cache=${OPAL_KERNEL_CACHE:-${XDG_CACHE_HOME:-${HOME:-/nonexistent}/.cache}/opal/kernel}
mkdir -p "$cache" 2> /dev/null || cache=${build:?}/tests/kernel/cache
