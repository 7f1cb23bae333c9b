#!/bin/bash
# Installs what builds the site of documents, in .cache/docs/: MkDocs with its theme from PyPI, as the lock file says, and
# from npm two scripts that pages would otherwise fetch from others: Mermaid, which draws diagrams, and what lets the
# search work where the site is opened from a folder. Quick when they are there; what is missing is a failure.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

HERE=docs/site
CACHE=.cache/docs
SCRIPTS=(
    "mermaid@11.16.0 ff48c94a0a0458b377a5187ad01407184d2a182e6476c2015b7068ff58355fae dist/mermaid.min.js mermaid.js"
    "iframe-worker@1.0.4 e8c5d12d87829c503afba01d67772ea9f4aba5b7ae57a0c98e1917711030efbb shim/index.js iframe-worker.js"
)

wanted=$(cat "$HERE/requirements.lock" "$HERE/install.sh" | sha256sum)
[ "$(cat "$CACHE/installed" 2>/dev/null || true)" != "$wanted" ] || exit 0
command -v npm >/dev/null || { echo "docs: needs npm (on Debian and Ubuntu: apt install npm)." >&2; exit 1; }

echo "docs: installing MkDocs and two scripts into $CACHE" >&2
python=.venv/bin/python
[ -x "$python" ] || python=python3
"$python" -m venv --clear "$CACHE/venv"
"$CACHE/venv/bin/python" -m pip --disable-pip-version-check --no-input install --quiet \
    --require-hashes -r "$HERE/requirements.lock"

mkdir -p "$CACHE/scripts"
for script in "${SCRIPTS[@]}"; do
    read -r package sum path name <<<"$script"
    archive=$CACHE/$(npm --no-update-notifier pack --silent --pack-destination "$CACHE" "$package")
    echo "$sum  $archive" | sha256sum --check --quiet
    tar --extract --gzip --to-stdout --file "$archive" "package/$path" >"$CACHE/scripts/$name"
    rm "$archive"
done
echo "$wanted" >"$CACHE/installed"
