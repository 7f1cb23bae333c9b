#!/bin/bash
# Builds the image as `make image` does, with buildah in a chroot, on a base image made from Debian's packages: no
# registry of images and no daemon is asked. Store and base are kept in .cache/image/ for the next time.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

CACHE=$PWD/.cache/image
mkdir -p "$CACHE"
storage=(--root "$CACHE/store" --runroot "$CACHE/run" --storage-driver overlay)
base=docker.io/library/$(sed -n 's/^FROM \([^ ]*\)$/\1/p' Dockerfile)

if ! buildah "${storage[@]}" inspect --type image "$base" >/dev/null 2>&1; then
    echo "image-test: making a base image from Debian's packages (a minute, once)" >&2
    release=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
    mirror=$(apt-cache policy base-files | sed -n "s#.* \(https\?://[^ ]*\) $release/main .*#\1#p" | head -n 1)
    # As in the image that it stands for: Python in /usr/local with a pip of its own, and no bytecode.
    # shellcheck disable=SC2016 # mmdebstrap's shell has $1, the new root
    mmdebstrap --quiet --variant=minbase --include=python3,python3-venv,ca-certificates \
        --customize-hook='ln -s /usr/bin/python3 "$1/usr/local/bin/python"; rm -f "$1"/usr/lib/python3.*/EXTERNALLY-MANAGED' \
        --customize-hook='chroot "$1" sh -c "PYTHONPATH=\$(echo /usr/share/python-wheels/pip-*.whl) python3 -m pip install --isolated \
            --quiet --root-user-action=ignore --no-index --no-compile --find-links /usr/share/python-wheels pip setuptools"' \
        --customize-hook='find "$1" -xdev -name __pycache__ -prune -exec rm -rf {} +' \
        "$release" "$CACHE/base.tar" "$mirror"
    container=$(buildah "${storage[@]}" from scratch)
    root=$(buildah "${storage[@]}" mount "$container")
    tar --extract --directory "$root" --file "$CACHE/base.tar"
    rm "$CACHE/base.tar"
    buildah "${storage[@]}" config --env PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$container"
    buildah "${storage[@]}" commit --quiet --rm "$container" "$base" >/dev/null
fi

# pip reaches the packages as it does on this machine: by its settings, lent to the build and not kept in the image.
lent=()
for path in /etc/pip.conf /etc/ssl/certs; do
    [ ! -e "$path" ] || lent+=(--volume "$path:$path:ro")
done
mapfile -t earlier < <(buildah "${storage[@]}" images --quiet --filter label=org.opencontainers.image.title=Ackbot)
[ ${#earlier[@]} -eq 0 ] || buildah "${storage[@]}" rmi --force "${earlier[@]}" >/dev/null
echo "image-test: building" >&2
if ! deploy/image/build.sh buildah "${storage[@]}" bud --format docker --isolation chroot --pull-never "${lent[@]}" \
    >"$CACHE/build.log" 2>&1; then
    cat "$CACHE/build.log" >&2
    exit 1
fi
