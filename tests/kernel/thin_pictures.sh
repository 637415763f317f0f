#!/usr/bin/env bash
# thin_pictures.sh FROM TO: the first 960 training and 200 test pictures of Fashion-MNIST in folder
# FROM, as files of the same kind in folder TO: as many as an emulated processor learns in seconds.
set -euo pipefail

# thin FILE HEADER_BYTES NEW_HEADER CONTENT_BYTES: the header is magic number, count and sizes, four
# bytes each, big-endian.
thin() {
    # The reader behind a pipe has enough before the writer has written all.
    { printf '%b' "$3" && { gunzip -c "$from/$1.gz" || true; } 2> /dev/null |
        tail -c "+$(($2 + 1))" | head -c "$4"; } > "$to/$1" || true
    [ "$(wc -c < "$to/$1")" -eq "$(($2 + $4))" ]
}
from=$1
to=$2
mkdir -p "$to"
thin train-images-idx3-ubyte 16 '\0\0\0010\03\0\0\03\0300\0\0\0\034\0\0\0\034' $((960 * 784))
thin train-labels-idx1-ubyte 8 '\0\0\0010\01\0\0\03\0300' 960
thin t10k-images-idx3-ubyte 16 '\0\0\0010\03\0\0\0\0310\0\0\0\034\0\0\0\034' $((200 * 784))
thin t10k-labels-idx1-ubyte 8 '\0\0\0010\01\0\0\0\0310' 200
