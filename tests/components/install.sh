#!/bin/bash
# Installs what the tests talk to from Debian's packages: the mail servers Dovecot and Postfix; Prometheus' promtool,
# which tests the alerts; the proxies nginx and Caddy; faketime, which gives a process a clock of its own; the browser
# Chromium; Pango, and fonts of every script in which letters are printed; the virus scanner ClamAV, which gets no
# signatures but those of the tests. And from PyPI, into an environment of its own in .cache/: the Matrix server Synapse,
# where staff read alerts, and O365, a client of Microsoft Graph by which our own peer of it is tried.
# Quick when they are there. Where it cannot install (not root, or no apt) it says what will be reported
# as not run and leaves with status 0, because the rest of the suite is still worth running; under
# CI=true what is missing is a failure.
set -euo pipefail

HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
CACHE=$HERE/../../.cache

# into_its_own NAME: what NAME.lock says, from PyPI, into .cache/NAME.
into_its_own() {
    local name=$1 python
    cmp -s "$HERE/$name.lock" "$CACHE/$name/.installed" && return
    echo "tests: installing $name into .cache/$name (from PyPI)" >&2
    for python in "$HERE/../../.venv/bin/python" python3; do
        if "$python" -m venv --clear "$CACHE/$name" &&
            "$CACHE/$name/bin/python" -m pip --disable-pip-version-check --no-input install --quiet \
                --require-hashes -r "$HERE/$name.lock"; then
            cp "$HERE/$name.lock" "$CACHE/$name/.installed"
            echo "tests: $name is installed, $SECONDS s since the start" >&2
            return
        fi
    done
    echo "tests: $name could not be installed; the tests that need it will be reported as not run." >&2
    [ "${CI:-}" != "true" ] || exit 1
}
into_its_own synapse
into_its_own o365

PACKAGES=(dovecot-imapd dovecot-lmtpd dovecot-sieve postfix openssl prometheus nginx-light caddy faketime)
PACKAGES+=(chromium-headless-shell clamav-daemon libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-dejavu-core fonts-noto-core fonts-droid-fallback)

installed() {
    dpkg-query --show --showformat='${db:Status-Status}\n' "$1" 2>/dev/null | grep -qx installed
}

missing=()
if command -v dpkg-query >/dev/null; then
    for package in "${PACKAGES[@]}"; do
        installed "$package" || missing+=("$package")
    done
else
    # Not Debian: judge by the programs themselves.
    PATH="$PATH:/usr/sbin:/usr/local/sbin"
    for program in dovecot postfix openssl promtool nginx caddy faketime chromium clamd; do
        command -v "$program" >/dev/null || missing+=("$program")
    done
fi

if [ ${#missing[@]} -eq 0 ]; then
    echo "tests: all servers and programs are installed" >&2
    exit 0
fi

if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
    echo "tests: cannot install ${missing[*]} here (that takes root and apt-get)." >&2
    echo "tests: the tests that need them will be reported as not run." >&2
    [ "${CI:-}" != "true" ] || exit 1
    exit 0
fi

# The packages' own daemons must not start: the tests start their own, on free ports of the loopback.
# Debian asks policy-rc.d first; a machine that has none gets one for as long as the installation takes.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
    trap 'rm -f "$policy"' EXIT
fi

export DEBIAN_FRONTEND=noninteractive
# Without an answer Postfix's package asks what kind of mail server this machine is to be.
if command -v debconf-set-selections >/dev/null; then
    echo "postfix postfix/main_mailer_type select No configuration" | debconf-set-selections
fi
log=$(mktemp)
echo "tests: installing ${missing[*]} (by apt-get)" >&2
if ! {
    apt-get update -o DPkg::Lock::Timeout=300 &&
        apt-get install -y --no-install-recommends -o DPkg::Lock::Timeout=300 "${missing[@]}"
} >"$log" 2>&1 </dev/null; then
    cat "$log" >&2
    echo "tests: the installation failed." >&2
    [ "${CI:-}" != "true" ] || exit 1
else
    echo "tests: all servers and programs are installed, $SECONDS s since the start" >&2
fi
rm -f "$log"
