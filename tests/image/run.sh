#!/bin/bash
# `make image-test`: builds the image, and tries it in a network of its own, where nothing answers but what the test
# starts; and among mounts of its own, of which none outlives it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

status=0
reason=$(tests/image/install.sh) || status=$?
if [ "$status" -eq 3 ]; then
    echo "image-test: not run: $reason"
    [ "${CI:-}" != "true" ] || exit 1
    exit 0
fi
[ "$status" -eq 0 ] || exit "$status"
tests/image/build.sh
# No groups of processes either (cgroups): crun cannot do with every mixture of their two versions.
# shellcheck disable=SC2016 # the inner shell's
unshare --net --mount bash -euc 'ip link set lo up; mount -t tmpfs none /sys/fs/cgroup; exec "$@"' image-test \
    .venv/bin/python -m tests.image
