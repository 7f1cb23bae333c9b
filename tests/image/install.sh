#!/bin/bash
# Installs what `make image-test` builds and starts the image with, from Debian's packages: buildah, which builds without
# a daemon; mmdebstrap, which makes the base image that no registry can be asked for; crun, which starts a container.
# Leaves with status 3 where it cannot: what it says then is why the image is not tried here.
set -euo pipefail

CANNOT=3
if [ "$(id -u)" -ne 0 ]; then
    echo "it takes root"
    exit $CANNOT
fi
if ! grep -qx 'ID=debian' /etc/os-release || ! command -v apt-get >/dev/null; then
    echo "it takes Debian, from whose packages the base image is made"
    exit $CANNOT
fi

missing=()
for pair in buildah:buildah mmdebstrap:mmdebstrap crun:crun ip:iproute2; do
    command -v "${pair%%:*}" >/dev/null || missing+=("${pair##*:}")
done
[ ${#missing[@]} -gt 0 ] || exit 0
echo "image-test: installing ${missing[*]}" >&2
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
trap 'rm -f "$log"' EXIT
if ! {
    apt-get update -o DPkg::Lock::Timeout=300 &&
        apt-get install -y --no-install-recommends -o DPkg::Lock::Timeout=300 "${missing[@]}"
} >"$log" 2>&1 </dev/null; then
    cat "$log" >&2
    exit 1
fi
