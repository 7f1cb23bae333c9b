#!/bin/bash
# Builds the image of this tree as ackbot:VERSION: with docker, else with buildah, or by the command that is named, as in
# `deploy/image/build.sh podman build --format docker` (the other format knows no health check).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

if [ $# -eq 0 ]; then
    if docker info >/dev/null 2>&1; then
        set -- docker build
    elif command -v buildah >/dev/null; then
        set -- buildah bud --format docker
    else
        echo "image: needs docker, with its daemon running, or buildah." >&2
        exit 1
    fi
fi
version=$(sed -n 's/^__version__ = "\(.*\)"$/\1/p' bot/__init__.py)
revision=$(git rev-parse HEAD 2>/dev/null || true)
exec "$@" --tag "ackbot:$version" --build-arg VERSION="$version" --build-arg REVISION="$revision" .
