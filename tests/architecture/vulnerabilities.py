"""`make vulnerabilities`: asks of every locked version what OSV knows (google.github.io/osv.dev/post-v1-querybatch).

One request asks of all of them, whatever the platform they are locked for. A release that is known to be vulnerable is
asked with them: where it is not in the answer, nobody has looked, and nothing is said to be good.
"""

import json
import re
import sys
import urllib.request
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

OSV = "https://api.osv.dev/v1/querybatch"
LOCKS = sorted(Path(__file__).parents[2].glob("requirements*.lock"))
_SECONDS = 10
_PIN = re.compile(r"^([a-z0-9][a-z0-9._-]*)(?:\[[^]]*\])?==([^\s;\\]+)", re.MULTILINE)


class Pin(NamedTuple):
    """One version of one package."""

    name: str
    version: str


KNOWN = Pin("jinja2", "3.1.2")  # CVE-2024-22195


class NotLooked(Exception):
    """The data could not be reached; the text says why."""


def pins(locks: Iterable[Path]) -> list[Pin]:
    """Return every version that these files name."""
    return sorted({Pin(*match) for lock in locks for match in _PIN.findall(lock.read_text(encoding="utf-8"))})


def look(address: str, locked: list[Pin]) -> Mapping[Pin, list[str]]:
    """Return the names of what is known of these versions, of those of which anything is. Raises NotLooked."""
    queried = [KNOWN, *locked]
    queries = [{"package": {"name": pin.name, "ecosystem": "PyPI"}, "version": pin.version} for pin in queried]
    head = {"Content-Type": "application/json"}
    try:
        request = urllib.request.Request(address, json.dumps({"queries": queries}).encode(), head)  # noqa: S310 - https
        with urllib.request.urlopen(request, timeout=_SECONDS) as answer:  # noqa: S310
            results = json.load(answer)["results"]
        vulnerabilities = {
            pin: [entry["id"] for entry in result.get("vulns", ())]
            for pin, result in zip(queried, results, strict=True)
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise NotLooked(f"{address} cannot be asked ({type(error).__name__}: {error})") from error
    if not vulnerabilities.pop(KNOWN, None):
        raise NotLooked(f"{address} does not know of {KNOWN.name} {KNOWN.version}, so what it knows is not enough")
    return {pin: names for pin, names in vulnerabilities.items() if names}


def report(address: str = OSV) -> tuple[str, int]:
    """Return what is known, in words, and the status of the command: 1 where it is anything."""
    locked = pins(LOCKS)
    try:
        vulnerabilities = look(address, locked)
    except NotLooked as reason:
        return f"vulnerabilities: not looked: {reason}", 0
    lines = [
        f"{pin.name} {pin.version}: {', '.join(n)} (osv.dev/vulnerability/{n[0]})" for pin, n in vulnerabilities.items()
    ]
    lines.append(f"vulnerabilities: {len(locked)} locked versions, {len(vulnerabilities)} with something known")
    return "\n".join(lines), 1 if vulnerabilities else 0


if __name__ == "__main__":
    words, status = report()
    sys.stdout.write(f"{words}\n")
    sys.exit(status)
